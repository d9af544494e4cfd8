"""Comparisons of ways to train."""
