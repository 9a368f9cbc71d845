"""Conversations: the text that a dataset keeps them as, and the ids that a model reads. Never imports torch."""
