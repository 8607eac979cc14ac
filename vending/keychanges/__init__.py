"""Key changes: planned, issued with the next sale, and followed until a reading proves them."""

from .issuing import KeyChangeDue, KeySet, key_set

__all__ = ["KeyChangeDue", "KeySet", "key_set"]
