"""Environment variables in what a user writes."""

from __future__ import annotations

import os
import re

from wenlu.base.errors import WenluError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def expanded(written: str) -> str:
    """`written` with the value of NAME for each `${NAME}`; raises WenluError `not_set`."""
    return _VARIABLE.sub(lambda found: _value(found[1], written), written)


def _value(name: str, written: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise WenluError(
            "not_set",
            f"{written} needs the environment variable {name}, which is not set.",
            hint=f"Run: export {name}=FOLDER",
        )
    return value
