"""Protocols and statistics that judge a policy."""
