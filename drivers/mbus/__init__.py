"""M-Bus (EN 13757-2 and -3): water, heat and gas meters on two wires."""
