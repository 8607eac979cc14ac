"""DL/T 645-2007 (and the framing of 1997): electricity meters on RS-485, many of them prepaid."""
