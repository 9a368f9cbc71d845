"""Answers given before, given again: in flight, in memory, on disk. A cache may be slow or empty, and never wrong."""
