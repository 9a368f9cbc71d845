"""Which column holds the text and which the label, by their names, where nobody says so."""

from __future__ import annotations

from collections.abc import Iterable

from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.settings import SourceConfig

TEXT = "text"

_TEXTS = frozenset({"text", "content", "body", "review", "comment", "sentence", "文本", "内容", "內容", "正文", "评论",
                    "評論", "句子", "テキスト", "本文", "文章", "レビュー", "コメント"})  # fmt: skip
_LABELS = frozenset({"label", "category", "class", "sentiment", "标签", "標籤", "类别", "類別", "分类", "分類", "情感",
                     "感情", "ラベル", "カテゴリ", "カテゴリー"})  # fmt: skip


def text_name(names: Iterable[str]) -> str:
    """The column of the text among these: `text`, or the only one that is usually called so; else `text` is missed.

    >>> text_name(["id", "评论", "标签"]), text_name(["content", "review"])
    ('评论', 'text')
    """
    return _only(_TEXTS, names, first=TEXT) or TEXT


def label_name(names: Iterable[str], opened: Opened, source: SourceConfig) -> str:
    """The column of the label among these; nothing where labels come from elsewhere, or from nowhere on purpose."""
    if opened.label is not None or source.label_from is not None:
        return ""
    return _only(_LABELS, names, first="label")


def _only(known: frozenset[str], names: Iterable[str], *, first: str) -> str:
    there = {name for name in names if name.lower() in known}
    if first in there:
        return first
    return there.pop() if len(there) == 1 else ""
