"""IEC 62056-21 (formerly IEC 1107), mode C: the optical head and the current loop of meters."""
