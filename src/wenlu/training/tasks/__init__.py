"""Tasks: one file each. They don't know each other."""
