"""Raw files → cleaned, deduplicated, split, versioned datasets. Never imports torch."""
