"""What was found in data or in a model, and what to do about it."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that is so. `code` is stable; `evidence` holds the numbers it rests on (shares from 0 to 1).

    `name` is what its advice is called where it can be asked for (`advice-1`), and `changes` are the settings of the
    recipe, `key=value`, that follow it; nothing where no setting does.
    """

    code: str
    sentence: str
    evidence: dict[str, float]
    advice: str
    name: str = ""
    changes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing has to be done."""
        return self.code in GOOD


HEALTHY = "healthy"
GOOD = (HEALTHY, "leaks")
