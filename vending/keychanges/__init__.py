"""Key changes: planned, issued with the next sale, and followed until a reading proves them."""

from .issuing import KeyChangeDue, KeySet, attributes_of, key_set

__all__ = ["KeyChangeDue", "KeySet", "attributes_of", "key_set"]
