"""HTTP in, HTTP out: raw ASGI behind an explicit table of routes. Never loads torch or a runtime."""
