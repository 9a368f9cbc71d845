"""Chinese words by jieba's dictionary and hidden Markov model, in Rust."""

from __future__ import annotations

from wenlu.base.errors import missing_package
from wenlu.base.spec import Spec
from wenlu.text.segment import version_of


class Rjieba:
    """Jieba's algorithm at many times its speed. Its cuts differ from jieba's now and then."""

    class Config(Spec):
        """No settings: unknown words are guessed by the hidden Markov model, as jieba does by default."""

    def __init__(self, config: Config) -> None:
        try:
            import rjieba  # loads a dictionary, and belongs to an optional extra
        except ImportError:
            raise missing_package("rjieba", extra="zh") from None
        self._cut = rjieba.Jieba().cut
        self.version = version_of("rjieba")

    def __call__(self, text: str) -> list[str]:
        pieces: list[str] = self._cut(text)
        return pieces
