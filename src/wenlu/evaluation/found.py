"""Findings of a verdict before they are put into words, and what a change of the recipe can do about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wenlu.base.finding import GOOD, Finding
from wenlu.drawing.words import Words


@dataclass(frozen=True, slots=True)
class Found:
    """A finding before it is put into words. `clause` is the key of its wording, `values` fill it."""

    code: str
    clause: str
    evidence: dict[str, float]
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What follows a finding's advice: `changes` of the recipe, `key=value`. `way` is the end of the key of its
    wording, which `values` fill."""

    way: str
    changes: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)


Remedies = Mapping[str, Remedy]
"""By the code of a finding."""


def worded(found: Sequence[Found], words: Words, remedies: Remedies | None) -> tuple[Finding, ...]:
    """The findings in words, each with one piece of advice.

    Those that ask for something are `advice-1`, `advice-2`, … in this order; without `remedies` nobody can ask, and
    they have no name.
    """
    named = [one for one in found if one.code not in GOOD] if remedies is not None else []
    return tuple(
        _worded(
            one, words, (remedies or {}).get(one.code), name=f"advice-{named.index(one) + 1}" if one in named else ""
        )
        for one in found
    )


def _worded(found: Found, words: Words, remedy: Remedy | None, *, name: str) -> Finding:
    clause = words.say(f"clause.{found.clause}", **found.values)
    key = f"advice.{found.code}" + (f".{remedy.way}" if remedy else "")
    return Finding(
        code=found.code,
        sentence=f"{clause[:1].upper()}{clause[1:]}.",
        evidence=found.evidence,
        advice=words.say(key, **{**found.values, **(remedy.values if remedy else {})}),
        name=name,
        changes=remedy.changes if remedy else (),
    )
