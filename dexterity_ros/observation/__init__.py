"""The one observation builder and the history it needs."""
