"""A light client: `wenlu.Client` and `wenlu.AsyncClient`."""
