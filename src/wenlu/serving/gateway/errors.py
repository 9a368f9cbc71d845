"""Every way a request can fail, as JSON: `{"error": {"code", "message", "hint", "request_id"}}`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wenlu.base.errors import WenluError
from wenlu.serving.gateway.exchange import Response, json_response
from wenlu.serving.refusal import Refusal

# code → HTTP status. A code that is not here is our own failure: 500, and its message stays in the log.
STATUS: Mapping[str, int] = {
    "bad_http": 400,
    "bad_host": 400,
    "bad_path": 400,
    "invalid_json": 400,
    "invalid_utf8": 400,
    "too_deep": 400,
    "no_key": 401,
    "bad_key": 401,
    "key_not_allowed": 403,
    "foreign_origin": 403,
    "not_found": 404,
    "not_binary": 404,
    "method_not_allowed": 405,
    "slow_request": 408,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "host_not_allowed": 421,
    "wrong_type": 422,
    "missing_field": 422,
    "unknown_field": 422,
    "empty_inputs": 422,
    "too_many_inputs": 422,
    "empty_text": 422,
    "text_too_long": 422,
    "lone_surrogate": 422,
    "too_many_requests": 429,
    "too_many_characters": 429,
    "too_many_at_once": 429,
    "headers_too_large": 431,
    "internal": 500,
    "not_ready": 503,
    "overloaded": 503,
    "shutting_down": 503,
    "too_many_connections": 503,
    "deadline": 504,
}

# code → seconds after which it is worth another try.
RETRY_AFTER: Mapping[str, int] = {
    "slow_request": 1,
    "not_ready": 1,
    "overloaded": 1,
    "shutting_down": 5,
    "too_many_connections": 1,
    "deadline": 5,
}


class ClientGone(Exception):  # noqa: N818  (not an error: people close their browsers)
    """Nobody is there any more to answer."""


class Failure(msgspec.Struct):
    """What went wrong, and what to do."""

    code: str
    message: str
    hint: str
    request_id: str


class Body(msgspec.Struct):
    """The body of every error."""

    error: Failure


def error_response(error: WenluError, request_id: str) -> Response:
    """What the client reads about `error`; of our own failures it reads no details."""
    if STATUS.get(error.code, 500) == 500:
        error = _internal()
    body = Body(Failure(error.code, error.message, error.hint, request_id))
    headers = error.headers if isinstance(error, Refusal) else ()
    if error.code in RETRY_AFTER:
        headers += ((b"retry-after", b"%d" % RETRY_AFTER[error.code]),)
    return json_response(msgspec.json.encode(body), status=STATUS[error.code], headers=headers)


def _internal() -> WenluError:
    return WenluError(
        "internal", "The service failed on this request.", hint="Tell its operator the request_id: the log knows more."
    )
