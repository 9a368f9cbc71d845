"""Every character is a piece."""

from __future__ import annotations

from wenlu.base.spec import Spec
from wenlu.text.dictionary import Dictionary


class Character:
    """Cuts between all code points."""

    class Config(Spec):
        """No settings."""

    apart = "\0"

    def __init__(self, config: Config) -> None:
        self.version = "character 1"
        self.dictionary: Dictionary | None = None

    def __call__(self, text: str) -> list[str]:
        return list(text)
