"""Drawers: shifts, counts, bankings, deposits."""
