"""The stages that a language model has of its own."""
