"""Strict settings: an unknown key is an error, and all mistakes come at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from wenlu.base.errors import WenluError, did_you_mean

__all__ = ["Field", "Spec", "check"]


class Spec(BaseModel):
    """A frozen record of settings. Unknown keys are refused; numbers and strings are not guessed into each other."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


SpecT = TypeVar("SpecT", bound=Spec)


def check(spec: type[SpecT], data: object, *, where: str) -> SpecT:
    """`data` as a `spec`, or one WenluError `bad_settings` that lists every mistake in it."""
    try:
        return spec.model_validate_json(_as_json(data)) if isinstance(data, bytes | str) else spec.model_validate(data)
    except ValidationError as error:
        mistakes = "; ".join(_sentence(mistake, spec) for mistake in error.errors())
        raise WenluError("bad_settings", f"{where}: {mistakes}.") from None


def _as_json(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _sentence(mistake: ErrorDetails, spec: type[Spec]) -> str:
    path = mistake["loc"]
    if mistake["type"] == "extra_forbidden":
        known = _fields_at(spec, path[:-1])
        return f"no field '{_dotted(path)}'{_near(str(path[-1]), known)}"
    if mistake["type"] == "missing":
        return f"'{_dotted(path)}' is missing"
    said = mistake["input"]
    shown = f" = {said!r}" if isinstance(said, str | int | float | bool) else ""
    problem = mistake["msg"].removeprefix("Value error, ")
    return f"{_dotted(path)}{shown}: {problem[:1].lower()}{problem[1:]}" if path else problem


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in path)


def _near(word: str, known: Sequence[str]) -> str:
    near = did_you_mean(word, known).strip()
    return f" ({near[0].lower()}{near[1:]})" if near else ""


def _fields_at(spec: type[Spec], path: Sequence[str | int]) -> list[str]:
    """Names of the fields of the spec nested at `path`; empty where no spec is nested there."""
    current: Any = spec
    for part in path:
        if isinstance(part, int):
            continue
        field = cast(Mapping[str, Any], getattr(current, "model_fields", {})).get(part)
        if field is None:
            return []
        nested = [field.annotation, *getattr(field.annotation, "__args__", ())]
        current = next((kind for kind in nested if isinstance(kind, type) and issubclass(kind, Spec)), None)
    return list(getattr(current, "model_fields", {}))
