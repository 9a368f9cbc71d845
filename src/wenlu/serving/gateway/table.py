"""All the routes of a service."""

from __future__ import annotations

from wenlu.serving.gateway import handlers, pages
from wenlu.serving.gateway.handlers import Service
from wenlu.serving.gateway.routes import Route

ROUTES: tuple[Route[Service], ...] = (
    Route("POST", "/v1/predict", handlers.predict, "The label of each text, with the probability of every label"),
    Route("GET", "/sentiment/{sentence}", handlers.sentiment, "How positive one sentence is, from 0 to 1"),
    Route("GET", "/v1/models", handlers.models, "The model that answers here"),
    Route("GET", "/livez", handlers.alive, "Whether the process lives", None),
    Route("GET", "/readyz", handlers.ready, "Whether it has proven that it answers as it was trained", None),
    Route("GET", "/metrics", handlers.metrics, "Counters and times, for Prometheus", "admin"),
    Route("GET", "/openapi.json", pages.openapi, "This interface, for programs"),
    Route("GET", "/docs", pages.docs, "This interface, for people", None),
    Route("GET", "/docs/docs.css", pages.style, "Part of /docs", None),
    Route("GET", "/docs/docs.js", pages.script, "Part of /docs", None),
    Route("GET", "/docs/icon.svg", pages.icon, "Part of /docs", None),
    Route("GET", "/", pages.front, "Leads to /docs", None),
)
