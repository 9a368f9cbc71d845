"""What a client says and understands, without a network: shared by the blocking and the asynchronous client.

A conversation is a generator. It yields what should happen next (`Call`: send it, `Pause`: wait) and is sent the
outcome of each call; what it returns is the answer.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar
from urllib.parse import quote

import msgspec

from wenlu.base.errors import WenluError

MOST_TEXTS = 64  # what a service takes in one request by default
_LONGEST_PAUSE = 30.0
_AGAIN = frozenset((429, 503))
_JSON = {"content-type": "application/json"}

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Prediction:
    """The most probable label, its probability, and the probability of every label; of a model that answers with a
    number its `value` alone. `abstained` says if the model is too unsure, None if it has no threshold."""

    label: str = ""
    score: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    value: float | None = None
    abstained: bool | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model that a service answers with."""

    id: str
    version: str
    task: str
    architecture: str
    labels: tuple[str, ...]
    positive: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request to send."""

    method: str
    path: str
    body: bytes | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        return {} if self.body is None else _JSON


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Unreached:
    """The call did not reach a service, so it is safe to send it again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The call was sent, but no answer came."""

    reason: str


Step: TypeAlias = Call | Pause
Outcome: TypeAlias = Reply | Unreached | Unanswered | None
Conversation: TypeAlias = Generator[Step, Outcome, Kind]


class _Outputs(msgspec.Struct):
    outputs: list[Prediction]


class _Sentiment(msgspec.Struct):
    sentiment: float


class _Models(msgspec.Struct):
    data: list[ModelInfo]


class _Failure(msgspec.Struct):
    code: str
    message: str
    hint: str = ""


class _Body(msgspec.Struct):
    error: _Failure


def predict(texts: Sequence[str], *, retries: int) -> Conversation[list[Prediction]]:
    """One prediction a text, in order; more texts than a request may hold are sent in several."""
    if isinstance(texts, str):
        raise WenluError("one_text", "predict takes a list of texts, not one.", hint="Use predict_one(text).")
    predictions: list[Prediction] = []
    for start in range(0, len(texts), MOST_TEXTS):
        chunk = texts[start : start + MOST_TEXTS]
        body = _encoded(chunk)
        outputs = (yield from _asked(Call("POST", "/v1/predict", body), _Outputs, retries)).outputs
        if len(outputs) != len(chunk):
            raise WenluError("bad_answer", f"The service gave {len(outputs)} answers to {len(chunk)} texts.")
        if not all(one.scores or one.value is not None for one in outputs):
            raise WenluError(
                "bad_answer", "The answers hold neither labels nor a number.", hint="Is it a Wenlu service?"
            )
        predictions += outputs
    return predictions


def predict_one(text: str, *, retries: int) -> Conversation[Prediction]:
    """The prediction of one text."""
    return (yield from predict([text], retries=retries))[0]


def sentiment(sentence: str, *, retries: int) -> Conversation[float]:
    """The probability of the positive label."""
    try:
        path = f"/sentiment/{quote(sentence, safe='')}"
    except UnicodeEncodeError:
        raise _lone_surrogate() from None
    return (yield from _asked(Call("GET", path), _Sentiment, retries)).sentiment


def model(*, retries: int) -> Conversation[ModelInfo]:
    """What answers there."""
    listed = (yield from _asked(Call("GET", "/v1/models"), _Models, retries)).data
    if not listed:
        raise WenluError("bad_answer", "The service names no model.")
    return listed[0]


def _encoded(texts: Sequence[str]) -> bytes:
    try:
        return msgspec.json.encode({"inputs": list(texts)})
    except UnicodeEncodeError:
        raise _lone_surrogate() from None


def _lone_surrogate() -> WenluError:
    return WenluError(
        "lone_surrogate", "A text holds half of a surrogate pair, which is not a character and can't be sent."
    )


def _asked(call: Call, kind: type[Kind], retries: int) -> Conversation[Kind]:
    """The answer to `call`, asked again where that is safe: nobody was reached, or the service said it is busy."""
    for attempt in range(retries + 1):
        outcome = yield call
        if isinstance(outcome, Reply) and outcome.status == 200:
            return _understood(outcome.body, kind)
        if attempt == retries or not _worth_another(outcome):
            break
        yield Pause(_pause(outcome, attempt))
    raise _failure(outcome)


def _worth_another(outcome: Outcome) -> bool:
    return isinstance(outcome, Unreached) or (isinstance(outcome, Reply) and outcome.status in _AGAIN)


def _pause(outcome: Outcome, attempt: int) -> float:
    """What the service asks for, within reason; else 0.2 s, 0.4 s, …"""
    asked = outcome.headers.get("retry-after", "") if isinstance(outcome, Reply) else ""
    return min(_LONGEST_PAUSE, float(asked)) if asked.isdecimal() else min(_LONGEST_PAUSE, 0.2 * 2**attempt)


def _understood(body: bytes, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise WenluError(
            "bad_answer",
            "The answer is not one of a Wenlu service.",
            hint="Is the address right, and no proxy between?",
        ) from None


def _failure(outcome: Outcome) -> WenluError:
    if isinstance(outcome, Unreached):
        return WenluError("unreachable", f"No service could be reached: {outcome.reason}.", hint="Is it running?")
    if isinstance(outcome, Unanswered):
        return WenluError("no_answer", f"The service did not answer: {outcome.reason}.", hint="Allow a longer timeout.")
    if not isinstance(outcome, Reply):
        return WenluError("no_answer", "The service did not answer.")
    try:
        said = msgspec.json.decode(outcome.body, type=_Body).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return WenluError("bad_answer", f"The service answered with status {outcome.status} and no reason.")
    return WenluError(said.code, said.message, hint=said.hint)
