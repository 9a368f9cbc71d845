"""What a tokenizer was lengthened by, kept beside its file."""

from __future__ import annotations

from collections.abc import Mapping

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec

GROWN = "grown.json"


class Grown(Spec):
    """Of each id from `size` on, the ids that it was written with before."""

    size: int = Field(ge=1)
    parts: list[list[int]]

    def behind(self, before: Grown | None) -> Grown:
        """Both growths in one, if the tokenizer had been lengthened before."""
        return self if before is None else Grown(size=before.size, parts=[*before.parts, *self.parts])


def read_grown(files: Mapping[str, bytes]) -> Grown | None:
    """What was kept of a growth, None if there was none; raises WenluError `bad_vocabulary`."""
    if GROWN not in files:
        return None
    try:
        return Grown.model_validate_json(files[GROWN])
    except ValueError:
        raise WenluError("bad_vocabulary", f"The file {GROWN} of the tokenizer is not as written.") from None


def grown_files(grown: Grown | None) -> dict[str, bytes]:
    return {} if grown is None else {GROWN: grown.model_dump_json().encode()}
