"""What every tokenizer promises. A new row is tested by adding its name to TOKENIZERS, nothing more.

A row that imports a file gets a small one made here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

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
    if name not in FILES:
        return _made(settings, texts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(FILES[name](texts))
        return _made({**settings, "path": str(path)}, texts)


def _made(settings: dict[str, object], texts: Sequence[str]) -> tuple[Tokenizer, object]:
    named = component(TOKENIZERS, settings, where="test")
    return named.kind.train(iter(texts), named.config), named.config


def huggingface_file(texts: Sequence[str]) -> bytes:
    """A `tokenizer.json` with ids unlike ours and a special token."""
    from tokenizers import Tokenizer as Library
    from tokenizers import decoders, models, pre_tokenizers, trainers

    model = Library(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    model.train_from_iterator(texts, trainer)
    model.add_special_tokens(["<|endoftext|>"])
    return model.to_str().encode()


def sentencepiece_file(texts: Sequence[str]) -> bytes:
    """A `.model` that keeps texts as they are."""
    import sentencepiece

    file = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*texts, "文"]),
        model_writer=file,
        vocab_size=400,
        hard_vocab_limit=False,
        byte_fallback=True,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    return file.getvalue()


FILES: dict[str, Callable[[Sequence[str]], bytes]] = {
    "huggingface": huggingface_file,
    "sentencepiece": sentencepiece_file,
}
