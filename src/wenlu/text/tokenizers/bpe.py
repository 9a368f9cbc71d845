"""Byte pairs merged by frequency (Sennrich, Haddow and Birch 2016), over the bytes of UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from wenlu.base.errors import missing_package
from wenlu.base.spec import Field
from wenlu.text.quick import Encode, quick_bpe
from wenlu.text.subwords import RUN, SPECIAL, SubwordConfig, SubwordTokenizer, reference, tokenizer_json

# The cuts of a model that is read by every runtime (DeepSeek V3), so its exact wording is kept: fast encoders know it
# by its letters. Han and kana stay apart from all else; longer numbers are harmless, since no two digits ever merge.
_CUTS = (
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
)
_LONGEST = 48  # bytes: sixteen Han characters


class BpeTokenizer(SubwordTokenizer):
    """Byte-level: the alphabet is the 256 bytes, so there is nothing it can't say and no character list to choose."""

    class Config(SubwordConfig):
        min_count: int = Field(2, ge=1, description="A pair seen less often is not merged")

    @classmethod
    def learn(cls, sample: Iterable[str], config: Any) -> bytes:
        try:
            from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
        except ImportError:
            raise missing_package("tokenizers", extra="data") from None
        model = Tokenizer(models.BPE())
        runs = pre_tokenizers.Split(Regex(rf"{RUN}|(?m:.)"), "isolated")
        model.pre_tokenizer = pre_tokenizers.Sequence([runs, pre_tokenizers.ByteLevel(False, use_regex=False)])
        model.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=config.max_size,
            min_frequency=config.min_count,
            special_tokens=list(SPECIAL),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            max_token_length=_LONGEST,
            show_progress=False,
        )
        model.train_from_iterator(iter(sample), trainer)
        learned = msgspec.json.decode(model.to_str())
        return tokenizer_json(pre_tokenizer=_cuts(), decoder=learned["decoder"], model=learned["model"])

    @classmethod
    def encoder(cls, content: bytes, model: Any) -> Encode:
        return quick_bpe(content, reference(model)) or reference(model)

    @classmethod
    def bytes_of(cls, piece: str) -> bytes:
        return bytes(map(byte_letters().__getitem__, piece))


def _cuts() -> dict[str, object]:
    splits = [{"type": "Split", "pattern": {"Regex": cut}, "behavior": "Isolated", "invert": False} for cut in _CUTS]
    letters = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {"type": "Sequence", "pretokenizers": [*splits, letters]}


@cache
def byte_letters() -> dict[str, int]:
    """The byte that each letter of a byte-level piece stands for (GPT-2's table).

    Printable Latin-1 stands for itself; the other bytes have the letters from U+0100 on, in their order.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    shifted = {chr(0x100 + position): byte for position, byte in enumerate(others)}
    return {chr(byte): byte for byte in plain} | shifted
