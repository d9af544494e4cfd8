"""Learning; the only place for torch."""
