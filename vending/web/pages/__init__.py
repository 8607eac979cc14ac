"""The pages that people work with in a browser. They work without script; htmx and a little of our
own make them quicker. `add_pages` puts them beside the JSON API, in the same process."""

from .ground import add_pages

__all__ = ["add_pages"]
