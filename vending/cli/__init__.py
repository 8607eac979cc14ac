"""The command line, `raseed`."""

from .app import app, main

__all__ = ["app", "main"]
