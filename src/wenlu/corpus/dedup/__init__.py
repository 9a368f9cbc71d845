"""Each text once, with one label, in one split: first by its digest, then by its shingles."""
