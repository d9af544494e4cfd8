"""Imitation of an expert that knows more than its student sees; one method per file."""
