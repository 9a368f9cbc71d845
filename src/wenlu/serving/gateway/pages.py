"""The interface described: for programs as OpenAPI, for people as a page that loads nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from wenlu.serving.gateway.exchange import Request, Response, json_response
from wenlu.serving.gateway.handlers import Service
from wenlu.serving.gateway.heads import Header

_FOLDER = Path(__file__).parent / "docs"
_POLICY: tuple[Header, ...] = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)


async def openapi(service: Service, request: Request) -> Response:
    return json_response(service.interface())


async def docs(service: Service, request: Request) -> Response:
    return _page("docs.html", b"text/html; charset=utf-8")


async def style(service: Service, request: Request) -> Response:
    return _page("docs.css", b"text/css; charset=utf-8")


async def script(service: Service, request: Request) -> Response:
    return _page("docs.js", b"text/javascript; charset=utf-8")


async def icon(service: Service, request: Request) -> Response:
    return _page("icon.svg", b"image/svg+xml")


async def front(service: Service, request: Request) -> Response:
    return Response(307, ((b"location", b"/docs"),), b"")


@cache
def _page(name: str, kind: bytes) -> Response:
    return Response(200, ((b"content-type", kind), *_POLICY), (_FOLDER / name).read_bytes())
