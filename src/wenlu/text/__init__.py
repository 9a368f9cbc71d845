"""Strings to ids and back: the very same code in training and serving. Never imports torch."""
