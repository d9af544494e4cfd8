"""One file per sub-command of dexterity."""
