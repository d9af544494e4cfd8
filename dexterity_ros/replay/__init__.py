"""Recorded inputs through the same stages."""
