"""What every tokenizer promises. A new row is tested by adding its name to TOKENIZERS, nothing more."""

from __future__ import annotations

from collections.abc import Sequence

from wenlu.base.component import component
from wenlu.text.tokenizers import TOKENIZERS, Tokenizer

CORPUS = (
    "我来到北京清华大学，天气很好！",
    "これはとても良い商品です。また買います。",
    "價格 ABC 123 ＆ 𠮷野家 👨‍👩‍👧 カタカナ ｶﾅ",
)


def trained(name: str, texts: Sequence[str] = CORPUS) -> tuple[Tokenizer, object]:
    """A tokenizer that has seen every piece of `texts`, and its settings."""
    settings: dict[str, object] = {"name": name}
    if "min_count" in TOKENIZERS[name].Config.model_fields:
        settings["min_count"] = 1
    named = component(TOKENIZERS, settings, where="test")
    return named.kind.train(iter(texts), named.config), named.config
