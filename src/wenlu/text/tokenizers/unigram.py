"""Pieces that make the texts most probable, each drawn by itself (Kudo 2018), with bytes for all else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from wenlu.text.counted import counted_characters, counted_runs, counted_words, stands_alone, trained
from wenlu.text.quick import Encode, quick_unigram
from wenlu.text.subwords import SPECIAL, SubwordConfig, SubwordTokenizer, reference, tokenizer_json
from wenlu.text.vocabulary import UNK_ID

_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


class Piece(NamedTuple):
    text: str
    score: float


class UnigramTokenizer(SubwordTokenizer):
    """A piece is whole characters; a character that is no piece goes by its bytes.

    Learned with `sentencepiece`, whose result is the same every time and comes sooner than that of `tokenizers`, from
    counted runs; encoded with `tokenizers`.
    """

    class Config(SubwordConfig):
        """Size and sample."""

    @classmethod
    def learn(cls, sample: Iterable[str], config: Any) -> bytes:
        """White space and the like are pieces of a single character, so the score of one decides nothing."""
        runs = counted_runs(sample)
        room = config.max_size - len(SPECIAL) - len(_BYTES)
        known = counted_characters(runs, most=room // 2)
        alone = [" ", *sorted(character for character in known if stands_alone(character) and character != " ")]
        alone = alone[: room // 4]
        words = counted_words(runs, known)
        pieces = _trained(words, most=room - len(alone)) if words else []
        lowest = min((piece.score for piece in pieces), default=-1.0)
        pieces += [Piece(character, lowest) for character in alone]
        vocabulary = [*(Piece(text, 0.0) for text in (*SPECIAL, *_BYTES)), *pieces]
        model = {"type": "Unigram", "unk_id": UNK_ID, "vocab": vocabulary, "byte_fallback": True}
        return tokenizer_json(pre_tokenizer=_before_brackets(), decoder=_decoder(), model=model)

    @classmethod
    def encoder(cls, content: bytes, model: Any) -> Encode:
        return quick_unigram(content, reference(model)) or reference(model)


def _before_brackets() -> dict[str, object]:
    """`<` stands alone, so that a text which spells `<BOS>` or `<0xE4>` out never meets the piece of that name."""
    return {"type": "Split", "pattern": {"String": "<"}, "behavior": "Isolated", "invert": False}


def _decoder() -> dict[str, object]:
    return {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]}


def _trained(words: Mapping[str, int], *, most: int) -> list[Piece]:
    """Pieces, likeliest first."""
    model = trained(words, kind="unigram", size=most)
    pieces = (Piece(model.id_to_piece(number), model.get_score(number)) for number in range(1, len(model)))
    return [piece for piece in pieces if "<" not in piece.text[1:] and piece.text not in SPECIAL]
