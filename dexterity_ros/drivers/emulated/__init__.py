"""Emulated hardware that fails where the real one fails."""
