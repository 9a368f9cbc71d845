"""One step of normalisation a file."""
