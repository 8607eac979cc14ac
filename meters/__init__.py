"""The meter as everybody speaks of it. This package imports nothing else of ours.

Errors, quantities, identity, a meter's verdicts, its account and supply, and the
gateway every driver offers. See docs/architecture.md.
"""
