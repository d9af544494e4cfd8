"""The steps of `dexterity bringup`, one file each; table.py says in which order and how one is added."""
