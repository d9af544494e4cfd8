"""Bags and datasets."""
