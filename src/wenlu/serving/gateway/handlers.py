"""What each route does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from wenlu.base.errors import WenluError
from wenlu.bundle.predict import Answer, Estimate, Prediction, as_numbers
from wenlu.serving.gateway.exchange import Request, Response, json_response
from wenlu.serving.gateway.inputs import read_inputs, read_sentence
from wenlu.serving.gateway.model import Model
from wenlu.serving.limits import Limits
from wenlu.serving.metrics import Metrics


class Service(Protocol):
    """What handlers need of the app."""

    model: Model
    metrics: Metrics
    limits: Limits
    obstacle: str

    def interface(self) -> bytes: ...

    async def ask(self, texts: Sequence[str], request: Request) -> list[Prediction]: ...

    async def body(self, request: Request) -> bytes: ...


class Predicted(msgspec.Struct):
    """The answer of `POST /v1/predict`."""

    model: str
    version: str
    request_id: str
    outputs: list[Answer]


class Estimated(msgspec.Struct):
    """The answer of `POST /v1/predict` where the model answers with a number."""

    model: str
    version: str
    request_id: str
    outputs: list[Estimate]


class Sentiment(msgspec.Struct):
    """The answer of `GET /sentiment/{sentence}`."""

    sentence: str
    sentiment: float


class Readiness(msgspec.Struct):
    """The answer of `GET /readyz`."""

    ready: bool
    reason: str


class Models(msgspec.Struct):
    """The answer of `GET /v1/models`."""

    data: list[Model]
    object: str = "list"


class _Outputs(msgspec.Struct):
    """`Predicted` or `Estimated`, as the model is."""

    model: str
    version: str
    request_id: str
    outputs: list[Prediction]


_encode = msgspec.json.Encoder().encode
_JSON_TYPES = (b"application/json", b"")


async def predict(service: Service, request: Request) -> Response:
    _check_type(request)
    texts = read_inputs(await service.body(request), service.limits)
    answers = await service.ask(texts, request)
    return json_response(_encode(_Outputs(service.model.id, service.model.version, request.id, answers)))


async def sentiment(service: Service, request: Request) -> Response:
    positive = service.model.positive
    if positive is None:
        raise WenluError(
            "not_binary",
            f"'{service.model.id}' does not tell positive from negative; {_answers(service.model)}.",
            hint="Ask POST /v1/predict.",
        )
    sentence = read_sentence(request.argument, service.limits)
    answer = (await service.ask([sentence], request))[0]
    return json_response(_encode(Sentiment(sentence, as_numbers(answer)[positive])))


async def models(service: Service, request: Request) -> Response:
    return json_response(_encode(Models([service.model])))


async def alive(service: Service, request: Request) -> Response:
    return json_response(b'{"alive":true}')


async def ready(service: Service, request: Request) -> Response:
    status = 503 if service.obstacle else 200
    return json_response(_encode(Readiness(not service.obstacle, service.obstacle)), status=status)


async def metrics(service: Service, request: Request) -> Response:
    return Response(200, ((b"content-type", b"text/plain; version=0.0.4; charset=utf-8"),), service.metrics.text())


def _check_type(request: Request) -> None:
    """Raises WenluError `unsupported_media_type` unless the body says it is JSON, or nothing."""
    head = request.head
    kind, _, parameters = head.content_type.partition(b";")
    charset = parameters.strip().lower().replace(b'"', b"")
    if kind.strip().lower() not in _JSON_TYPES or charset not in (b"", b"charset=utf-8") or head.content_encoding:
        raise WenluError(
            "unsupported_media_type",
            "The body should be plain JSON in UTF-8.",
            hint="Send the header 'content-type: application/json' and no content-encoding.",
        )


def _answers(model: Model) -> str:
    return "it answers with a number" if model.task == "regress" else f"its labels: {_listed(model.labels)}"


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels[:5]) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
