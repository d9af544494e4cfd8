"""Walks of `dexterity bringup` on hidden individuals, scored by who alone knows the truth."""
