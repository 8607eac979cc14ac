"""Lines with stand-in meters on them: cores without I/O, and what carries their bytes."""
