"""Texts in another language than the dataset's."""

from __future__ import annotations

from wenlu.base.spec import Field, Spec
from wenlu.text.language import Language as Name
from wenlu.text.language import language_of


class Language:
    """Refuses as `other_language` what is in none of the languages to keep. Ideographs that may be of any are `han`.

    >>> refuse = Language(Language.Config(keep=["ja", "han"]))
    >>> [refuse("とても良い商品です"), refuse("东京的天气很好，价格便宜")]
    ['', 'other_language']
    """

    class Config(Spec):
        keep: list[Name] = Field(
            ["zh-Hans", "zh-Hant", "ja", "han"], min_length=1, description="zh-Hans, zh-Hant, ja, han, other"
        )

    def __init__(self, config: Config) -> None:
        self._keep = frozenset(config.keep)

    def __call__(self, body: str) -> str:
        return "" if language_of(body) in self._keep else "other_language"
