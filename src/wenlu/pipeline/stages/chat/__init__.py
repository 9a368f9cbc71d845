"""The stages that a model of conversations has of its own."""
