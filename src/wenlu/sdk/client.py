"""`Client` and `AsyncClient`: the same conversations, spoken over httpx."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from wenlu.base.errors import WenluError
from wenlu.sdk import conversation
from wenlu.sdk.conversation import (
    Call,
    Conversation,
    ModelInfo,
    Outcome,
    Pause,
    Prediction,
    Reply,
    Unanswered,
    Unreached,
)

__all__ = ["AsyncClient", "Client", "ModelInfo", "Prediction"]

Answer = TypeVar("Answer")

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


class Client:
    """Asks a service. Every method raises WenluError with the service's own code, sentence and hint.

    `timeout` is in seconds, for each request. A request is sent again, at most `retries` times, only if it reached
    nobody or the service was busy (429, 503), after the time it asks for.
    """

    def __init__(self, url: str, key: str | None = None, timeout: float = 10.0, retries: int = 2) -> None:
        self._http = httpx.Client(**_settings(url, key, timeout))
        self._retries = retries

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order, however many there are."""
        return self._hold(conversation.predict(texts, retries=self._retries))

    def predict_one(self, text: str) -> Prediction:
        """The prediction of one text."""
        return self._hold(conversation.predict_one(text, retries=self._retries))

    def sentiment(self, sentence: str) -> float:
        """How positive a sentence is, from 0 to 1; for models that tell positive from negative."""
        return self._hold(conversation.sentiment(sentence, retries=self._retries))

    def model(self) -> ModelInfo:
        """What answers there."""
        return self._hold(conversation.model(retries=self._retries))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _hold(self, talk: Conversation[Answer]) -> Answer:
        outcome: Outcome = None
        while True:
            try:
                step = talk.send(outcome)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                outcome = None
            else:
                outcome = self._send(step)

    def _send(self, call: Call) -> Outcome:
        try:
            reply = self._http.request(call.method, call.path, content=call.body, headers=call.headers)
        except httpx.HTTPError as error:
            return _not_answered(error)
        return _reply(reply)


class AsyncClient:
    """As `Client`, for asyncio."""

    def __init__(self, url: str, key: str | None = None, timeout: float = 10.0, retries: int = 2) -> None:
        self._http = httpx.AsyncClient(**_settings(url, key, timeout))
        self._retries = retries

    async def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order, however many there are."""
        return await self._hold(conversation.predict(texts, retries=self._retries))

    async def predict_one(self, text: str) -> Prediction:
        """The prediction of one text."""
        return await self._hold(conversation.predict_one(text, retries=self._retries))

    async def sentiment(self, sentence: str) -> float:
        """How positive a sentence is, from 0 to 1; for models that tell positive from negative."""
        return await self._hold(conversation.sentiment(sentence, retries=self._retries))

    async def model(self) -> ModelInfo:
        """What answers there."""
        return await self._hold(conversation.model(retries=self._retries))

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _hold(self, talk: Conversation[Answer]) -> Answer:
        outcome: Outcome = None
        while True:
            try:
                step = talk.send(outcome)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                outcome = None
            else:
                outcome = await self._send(step)

    async def _send(self, call: Call) -> Outcome:
        try:
            reply = await self._http.request(call.method, call.path, content=call.body, headers=call.headers)
        except httpx.HTTPError as error:
            return _not_answered(error)
        return _reply(reply)


def _settings(url: str, key: str | None, timeout: float) -> Mapping[str, Any]:
    """What both httpx clients are made with; raises WenluError `bad_address`."""
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host:
        raise WenluError("bad_address", f"{url!r} is not the address of a service.", hint="Write http://127.0.0.1:5000")
    return {
        "base_url": address,
        "timeout": timeout,
        "headers": {"authorization": f"Bearer {key}"} if key else {},
        # A proxy set for the whole machine can't reach this machine's own loopback address.
        "trust_env": address.host not in _LOOPBACK,
    }


def _reply(reply: httpx.Response) -> Reply:
    return Reply(reply.status_code, dict(reply.headers), reply.content)


def _not_answered(error: httpx.HTTPError) -> Outcome:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Unreached(_said(error))
    return Unanswered(_said(error))


def _said(error: httpx.HTTPError) -> str:
    return (
        "it took longer than the timeout"
        if isinstance(error, httpx.TimeoutException)
        else str(error) or "connection lost"
    )
