"""Frozen values that are handed from room to room. Standard library only; no I/O, no behaviour beyond reading."""
