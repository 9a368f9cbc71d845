"""Wenlu."""
