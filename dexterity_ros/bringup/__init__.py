"""Motor setup, manual driving and acceptance of a hand."""
