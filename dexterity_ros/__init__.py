"""Deployment runtime for dexterous in-hand manipulation policies on real robot hands."""

__version__ = "0.1.0"
