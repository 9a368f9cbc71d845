"""The one exception a user sees."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WenluError(Exception):
    """What went wrong, where, and what to do now.

    `code` is stable and machine-readable (`unknown_model`); `message` is a sentence; `hint` says what to do.
    """

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'lstm'?`, or nothing where no known word is near.

    >>> did_you_mean("lsmt", ["bag", "lstm"])
    " Did you mean 'lstm'?"
    """
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def missing_package(package: str, *, extra: str) -> WenluError:
    """The error for an optional part that is not installed, with the command that installs it."""
    return WenluError(
        "missing_package",
        f"This needs the package '{package}', which is not installed.",
        hint=f"Install it with: pip install 'wenlu[{extra}]'",
    )
