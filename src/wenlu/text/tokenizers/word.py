"""Words by frequency."""

from __future__ import annotations

from wenlu.text.pieces import WordsConfig, WordsTokenizer


class WordTokenizer(WordsTokenizer):
    """Cuts a text into words and looks each up in a frozen vocabulary."""

    class Config(WordsConfig):
        """As for all words."""
