"""The JSON API (FastAPI)."""

from .app import Services, create_app

__all__ = ["Services", "create_app"]
