"""The stages of a model of numbers that differ from those of a classifier."""
