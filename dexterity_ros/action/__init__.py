"""The one action decoder, and ramps."""
