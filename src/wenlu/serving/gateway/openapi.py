"""The OpenAPI document, made from the table of routes and the limits that are in force."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from wenlu.serving.gateway.errors import STATUS, Body
from wenlu.serving.gateway.handlers import Estimated, Models, Predicted, Readiness, Sentiment
from wenlu.serving.gateway.inputs import PredictRequest
from wenlu.serving.gateway.model import Model
from wenlu.serving.gateway.routes import Route
from wenlu.serving.limits import Limits

_ANSWERS = {
    "/sentiment/{sentence}": Sentiment,
    "/v1/models": Models,
    "/readyz": Readiness,
}
_EXAMPLES = ["这家店的服务很好，下次还会再来", "とても良かったです。また利用します！"]


def document(routes: Iterable[Route[Any]], model: Model, limits: Limits) -> bytes:
    """OpenAPI 3.1 as JSON."""
    answers = {"/v1/predict": Estimated if model.task == "regress" else Predicted, **_ANSWERS}
    kinds = [PredictRequest, Body, *answers.values()]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    named = dict(zip(kinds, schemas, strict=True))
    _state_limits(components["PredictRequest"], limits)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.pattern, {})[route.method.lower()] = _operation(route, named, answers.get(route.pattern))
    described = {
        "openapi": "3.1.0",
        "info": {"title": f"Wenlu service: {model.id}", "version": model.version, "description": _errors()},
        "paths": paths,
        "components": {"schemas": components},
    }
    return msgspec.json.encode(described)


def _operation(route: Route[Any], named: dict[Any, Any], answer: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": route.summary, "operationId": route.handler.__name__}
    _, brace, name = route.pattern.partition("{")
    if brace:
        operation["parameters"] = [
            {
                "name": name.rstrip("}"),
                "in": "path",
                "required": True,
                "description": "Percent-encoded UTF-8; '/' as %2F",
                "schema": {"type": "string"},
                "example": _EXAMPLES[0],
            }
        ]
    if route.method == "POST":
        content = {"application/json": {"schema": named[PredictRequest], "example": {"inputs": _EXAMPLES}}}
        operation["requestBody"] = {"required": True, "content": content}
    good: dict[str, Any] = {"description": route.summary}
    if answer is not None:
        good["content"] = {"application/json": {"schema": named[answer]}}
    bad = {"description": "What went wrong", "content": {"application/json": {"schema": named[Body]}}}
    operation["responses"] = {"307" if route.pattern == "/" else "200": good, "default": bad}
    return operation


def _state_limits(schema: dict[str, Any], limits: Limits) -> None:
    inputs = schema["properties"]["inputs"]
    inputs |= {"minItems": 1, "maxItems": limits.texts, "description": "Texts, none of them only spaces"}
    inputs["items"] = {"type": "string", "minLength": 1, "maxLength": limits.characters}


def _errors() -> str:
    listed = "; ".join(f"{status} {code}" for code, status in STATUS.items())
    return f"Every error is JSON with a code, a sentence and a hint. Statuses and codes: {listed}."
