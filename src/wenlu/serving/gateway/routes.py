"""Which handler answers which method and path: one explicit table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.serving.flow.keys import Scope
from wenlu.serving.gateway.exchange import Request, Response
from wenlu.serving.refusal import Refusal

Service = TypeVar("Service")


@dataclass(frozen=True, slots=True)
class Route(Generic[Service]):
    """One row. A pattern may end in one `{name}`, which stands for the whole rest of the path, `/` included.

    `scope` is what a key must be for; without one anybody may come in, whether the service wants keys or not.
    """

    method: str
    pattern: str
    handler: Callable[[Service, Request], Awaitable[Response]]
    summary: str
    scope: Scope | None = "infer"


@dataclass(frozen=True, slots=True)
class Found(Generic[Service]):
    """A row that fits, and what its `{name}` stands for, still percent-encoded."""

    route: Route[Service]
    argument: bytes


class Router(Generic[Service]):
    """Finds the row for a request."""

    def __init__(self, routes: Sequence[Route[Service]]) -> None:
        self._patterns = sorted({route.pattern for route in routes})
        self._exact: dict[bytes, dict[str, Found[Service]]] = {}
        self._open: dict[bytes, dict[str, Route[Service]]] = {}
        for route in routes:
            prefix, brace, _ = route.pattern.partition("{")
            if brace:
                self._open.setdefault(prefix.encode(), {})[route.method] = route
            else:
                self._exact.setdefault(prefix.encode(), {})[route.method] = Found(route, b"")

    def find(self, method: str, path: bytes) -> Found[Service]:
        """Raises WenluError: `not_found` with the nearest path, `method_not_allowed` with the methods that are."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact.get(method) or self._refuse_method(method, exact)
        for prefix, routes in self._open.items():
            if path.startswith(prefix) and len(path) > len(prefix):
                if method not in routes:
                    self._refuse_method(method, routes)
                return Found(routes[method], path[len(prefix) :])
        shown = path[:100].decode("ascii", "replace")
        near = did_you_mean(shown, self._patterns)
        raise WenluError("not_found", f"There is nothing at this path.{near}", hint="See /docs for what there is.")

    def _refuse_method(
        self, method: str, allowed: Sequence[str] | dict[str, Found[Service]] | dict[str, Route[Service]]
    ) -> Found[Service]:
        names = ", ".join(sorted(allowed))
        raise Refusal(
            "method_not_allowed",
            f"{method} is not a method of this path.",
            hint=f"Use {names}.",
            headers=((b"allow", names.encode()),),
        )
