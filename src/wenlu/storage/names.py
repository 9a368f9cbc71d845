"""Names that users choose and that become file names. Everything else is refused before it touches a path."""

from __future__ import annotations

import re

from wenlu.base.errors import WenluError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)


def checked_name(name: str, *, what: str) -> str:
    """`name` itself if it is 1-64 of a-z, 0-9, `.`, `_`, `-`, begins and ends with a letter or digit, has no `..`.

    Raises WenluError `bad_name` otherwise. Lower case only, since some file systems can't tell A from a.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise WenluError(
            "bad_name",
            f"{name!r} can't be the name of a {what}.",
            hint="Use 1 to 64 of: a-z, 0-9, '.', '_', '-'; begin and end with a letter or a digit.",
        )
    return name
