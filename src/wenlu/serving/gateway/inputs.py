"""From the bytes of a request to texts that may reach the model. Every refusal says what is wrong and where."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NoReturn
from urllib.parse import unquote_to_bytes

import msgspec

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.serving.limits import Limits

_EXAMPLE = 'The body should be {"inputs": ["text", …]}.'
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMED = re.compile(r"`([^`]*)`")


class PredictRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/predict`."""

    inputs: list[str]


_decoder = msgspec.json.Decoder(PredictRequest)


def read_inputs(body: bytes, limits: Limits) -> list[str]:
    """The texts of a predict request; raises WenluError if there is anything else in it."""
    try:
        inputs = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse_body(body, error, limits)
    check_texts(inputs.inputs, limits)
    return inputs.inputs


def read_sentence(raw: bytes, limits: Limits) -> str:
    """The sentence in a path, decoded once and strictly: `%2525` is `%25`, never `%`."""
    if _BROKEN_ESCAPE.search(raw):
        raise WenluError(
            "bad_path", "A '%' in the path is not followed by two hex digits.", hint="Write '%' itself as %25."
        )
    try:
        sentence = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise WenluError(
            "bad_path", "The sentence in the path is not UTF-8.", hint="Percent-encode the bytes of its UTF-8 form."
        ) from None
    check_texts([sentence], limits)
    return sentence


def check_texts(texts: Sequence[str], limits: Limits) -> None:
    """Raises WenluError: `empty_inputs`, `too_many_inputs`, `empty_text`, `text_too_long`."""
    if not texts:
        raise WenluError("empty_inputs", "'inputs' is an empty list.", hint="Send at least one text.")
    if len(texts) > limits.texts:
        raise WenluError(
            "too_many_inputs",
            f"'inputs' holds {len(texts):,} texts; a request may hold {limits.texts}.",
            hint="Send several requests.",
        )
    for number, text in enumerate(texts):
        if not text or text.isspace():
            raise WenluError("empty_text", f"Text {number} (counted from 0) is empty.", hint="Leave empty texts out.")
        if len(text) > limits.characters:
            raise WenluError(
                "text_too_long",
                f"Text {number} (counted from 0) has {len(text):,} characters; {limits.characters:,} are allowed.",
                hint="Cut it, or send its parts.",
            )


def _refuse_body(body: bytes, error: Exception, limits: Limits) -> NoReturn:
    """Find out what is wrong with a body that could not be read."""
    if isinstance(error, UnicodeDecodeError) or not _is_utf8(body):
        raise WenluError("invalid_utf8", "The body is not UTF-8.", hint="JSON is sent as UTF-8.") from None
    if depth(body) > limits.json_depth:
        raise WenluError("too_deep", f"The body is nested deeper than {limits.json_depth}.", hint=_EXAMPLE) from None
    if isinstance(error, msgspec.ValidationError):
        raise _wrong_shape(str(error)) from None
    if _holds_lone_surrogate(body):
        raise WenluError(
            "lone_surrogate",
            "A text holds half of a surrogate pair (\\ud800 to \\udfff), which is not a character.",
            hint="It was probably cut in the middle of an emoji or a rare character.",
        ) from None
    raise WenluError("invalid_json", f"The body is not JSON: {_lowered(str(error))}.", hint=_EXAMPLE) from None


def _wrong_shape(said: str) -> WenluError:
    if "unknown field" in said:
        named = _NAMED.findall(said)
        near = did_you_mean(named[0], ["inputs"]) if named else ""
        return WenluError("unknown_field", f"{said.replace('`', chr(39))}.{near}", hint=_EXAMPLE)
    if "missing required" in said:
        return WenluError("missing_field", "The field 'inputs' is missing.", hint=_EXAMPLE)
    return WenluError("wrong_type", f"{said.replace('`', chr(39))}.", hint=_EXAMPLE)


def depth(body: bytes) -> int:
    """How deep brackets are nested outside strings.

    >>> depth(b'{"a": [[1], "[[["]}')
    3
    """
    deepest = now = 0
    for byte in _JSON_STRING.sub(b"", body):
        if byte in b"[{":
            now += 1
            deepest = max(deepest, now)
        elif byte in b"]}":
            now -= 1
    return deepest


def _holds_lone_surrogate(body: bytes) -> bool:
    """Whether that is why the strict reader refused: the standard library's takes them."""
    try:
        return _SURROGATE.search(json.dumps(json.loads(body), ensure_ascii=False)) is not None
    except ValueError:
        return False


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lowered(sentence: str) -> str:
    return sentence.removeprefix("JSON is malformed: ")[:1].lower() + sentence.removeprefix("JSON is malformed: ")[1:]
