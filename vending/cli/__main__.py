"""`python -m vending.cli`: the same as `raseed`."""

from . import main

main()
