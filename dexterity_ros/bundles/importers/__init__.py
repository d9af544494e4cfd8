"""Policies that other programs exported, one dialect a file, and the bundles that are made of them."""
