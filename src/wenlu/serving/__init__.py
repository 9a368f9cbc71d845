"""Answers over HTTP. Sees bundles, never datasets, training or compression."""
