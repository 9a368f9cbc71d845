"""The stages that a model from text to text has of its own."""
