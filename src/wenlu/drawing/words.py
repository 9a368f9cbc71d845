"""Words that a page says, by key: another language is another catalogue."""

from __future__ import annotations

from collections.abc import Mapping


class Words:
    """A catalogue of wordings with places to fill in.

    >>> Words({"kept": "{number} texts kept"}).say("kept", number="3")
    '3 texts kept'
    """

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self._catalogue = catalogue

    def say(self, key: str, /, **values: str) -> str:
        """The words of `key`, with `values` filled in; raises KeyError where there are none."""
        return self._catalogue[key].format(**values)

    def knows(self, key: str) -> bool:
        """Whether there are words for `key`."""
        return key in self._catalogue

    def known(self, key: str, fallback: str) -> str:
        """Our words for it; what somebody else named is shown as they named it."""
        return self.say(key) if self.knows(key) else fallback.replace("_", " ")
