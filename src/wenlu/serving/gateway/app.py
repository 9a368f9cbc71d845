"""The way of a request: head → route → body → line → batch → answer, and one place where every failure ends."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Sequence
from time import perf_counter

from wenlu.base.errors import WenluError
from wenlu.bundle.predict import Prediction
from wenlu.serving.asks import Asks
from wenlu.serving.flow.guard import Guard
from wenlu.serving.gateway.errors import STATUS, ClientGone, error_response
from wenlu.serving.gateway.exchange import Receive, Request, Response, Scope, Send
from wenlu.serving.gateway.handlers import Service
from wenlu.serving.gateway.heads import Head, Hosts, accepted_id, read_head, seconds_left
from wenlu.serving.gateway.model import Model
from wenlu.serving.gateway.openapi import document
from wenlu.serving.gateway.protocol import WAITING
from wenlu.serving.gateway.routes import Router
from wenlu.serving.gateway.table import ROUTES
from wenlu.serving.limits import Limits
from wenlu.serving.metrics import Metrics
from wenlu.serving.refusal import Refusal

_log = logging.getLogger("wenlu.serving")
_access = logging.getLogger("wenlu.access")

_ANSWERED_BY_OURSELVES = "-"  # the route of requests that found none


class App:
    """One model behind one door, as an ASGI application.

    With a `guard` it wants keys. `obstacle` says why the model may not answer yet; the door is ready once it is empty.
    """

    def __init__(
        self,
        model: Model,
        asks: Asks,
        metrics: Metrics,
        *,
        hosts: Hosts,
        limits: Limits,
        guard: Guard | None = None,
    ) -> None:
        self.model = model
        self.metrics = metrics
        self.limits = limits
        self.obstacle = "It has not proven yet that it answers as it was trained."
        self._asks = asks
        self._hosts = hosts
        self._guard = guard
        self._router: Router[Service] = Router(ROUTES)
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        request = Request("", scope, receive)
        route = _ANSWERED_BY_OURSELVES
        try:
            async with asyncio.timeout(self.limits.request_seconds) as patience:
                try:
                    head = read_head(scope["headers"])
                    request.ends = began + self.limits.request_seconds
                    if head.deadline_ms:
                        request.ends = min(request.ends, began + seconds_left(head))
                        patience.reschedule(asyncio.get_running_loop().time() + request.ends - perf_counter())
                    request.id = accepted_id(head) or self._new_id()
                    self._hosts.check(head)
                    found = self._router.find(scope["method"], scope["raw_path"])
                    route = found.route.pattern
                    request.head, request.argument = head, found.argument
                    if self._guard is None or found.route.scope is None:
                        response = await found.route.handler(self, request)
                    else:
                        request.caller = self._guard.caller(head.authorization, found.route.scope)
                        with request.caller.asking():
                            response = await found.route.handler(self, request)
                except WenluError as error:
                    response = self._refused(error, request)
        except ClientGone:
            self.metrics.refused("client_gone")
            return
        except TimeoutError:
            response = self._refused(_too_late(request), request)
        except Exception as error:  # the edge of the gateway: no request may end in a traceback
            _log.exception("request %s failed", request.id, exc_info=error)
            response = self._refused(error, request)
        await send({"type": "http.response.start", "status": response.status, "headers": _headers(response, request)})
        await send({"type": "http.response.body", "body": response.body})
        seconds = perf_counter() - began
        self.metrics.answered(route, response.status, seconds)
        if _access.isEnabledFor(logging.INFO):
            _log_access(request, route, response, seconds)

    def interface(self) -> bytes:
        """The OpenAPI document of this door."""
        return document(ROUTES, self.model, self.limits)

    async def ask(self, texts: Sequence[str], request: Request) -> list[Prediction]:
        """The model's answers; raises ClientGone if the connection is lost before they are there."""
        if self.obstacle:
            raise WenluError("not_ready", f"This service does not answer yet. {self.obstacle}", hint="Try again soon.")
        who = ""
        if request.caller is not None:
            who = request.caller.record.id
            request.caller.spend(sum(map(len, texts)))
        waiting = self._asks.ask(texts, who=who, within=request.ends - perf_counter())
        request.scope[WAITING] = waiting
        try:
            return await waiting
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # by the deadline or the end of the process, not by the client
                raise
            raise ClientGone from None

    async def body(self, request: Request) -> bytes:
        """The whole body, never more of it in memory than is allowed."""
        self._check_announced(request.head)
        message = await request.receive()
        content: bytes = message.get("body", b"")
        if message.get("more_body"):
            parts = bytearray(content)
            while message.get("more_body"):
                if len(parts) > self.limits.body:
                    raise self._body_too_large()
                message = await request.receive()
                parts += message.get("body", b"")
            content = bytes(parts)
        if message["type"] == "http.disconnect":
            raise ClientGone
        if len(content) > self.limits.body:
            raise self._body_too_large()
        request.whole = True
        return content

    def _check_announced(self, head: Head) -> None:
        if head.content_length and int(head.content_length) > self.limits.body:
            raise self._body_too_large()
        if head.transfer_encoding and head.transfer_encoding.lower() != b"chunked":
            raise WenluError("bad_http", "The only transfer encoding taken here is 'chunked'.")

    def _body_too_large(self) -> WenluError:
        return WenluError(
            "body_too_large", f"A body may have {self.limits.body:,} bytes.", hint="Send fewer texts in a request."
        )

    def _refused(self, error: Exception, request: Request) -> Response:
        known = error if isinstance(error, WenluError) and error.code in STATUS else None
        if known is None and isinstance(error, WenluError):
            _log.error("request %s failed: %s", request.id, error)
        refusal = known or WenluError("internal", "")
        self.metrics.refused(refusal.code)
        request.id = request.id or self._new_id()
        return error_response(refusal, request.id)

    def _new_id(self) -> str:
        return f"{self._prefix}{next(self._numbers):08x}"


def _headers(response: Response, request: Request) -> list[tuple[bytes, bytes]]:
    return [
        *response.headers,
        (b"content-length", b"%d" % len(response.body)),
        (b"x-request-id", request.id.encode()),
    ]


def _too_late(request: Request) -> Refusal:
    if request.scope.get(WAITING) is None and not request.whole:
        return Refusal("slow_request", "The body did not arrive in time.", headers=((b"connection", b"close"),))
    return Refusal("deadline", "The answer was not ready in time.", hint="The service is busy; try again later.")


def _log_access(request: Request, route: str, response: Response, seconds: float) -> None:
    """Never the path: a sentence may stand in it."""
    _access.info(
        "request",
        extra={
            "request_id": request.id,
            "method": request.scope["method"],
            "route": route,
            "status": response.status,
            "bytes": len(response.body),
            "ms": round(seconds * 1000, 2),
        },
    )
