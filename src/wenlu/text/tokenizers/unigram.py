"""Pieces that make the texts most probable, each drawn by itself (Kudo 2018), with bytes for all else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, NamedTuple

from wenlu.base.errors import WenluError, missing_package
from wenlu.text.quick import Encode, quick_unigram
from wenlu.text.subwords import RUN, SPECIAL, SubwordConfig, SubwordTokenizer, reference, tokenizer_json
from wenlu.text.vocabulary import UNK_ID

_RUN = re.compile(rf"{RUN}|.", re.DOTALL)
_ALONE = re.compile(
    r"[\s\x00-\x1f▁]"
)  # what the trainer's own format can't hold: white space, controls, its space mark
_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
_MOST_COUNTED = 2_000_000  # distinct runs held while counting: about a third of a gigabyte
_THREADS = 2  # the trainer adds up per thread: another number gives another file


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
        runs = _counted(sample)
        room = config.max_size - len(SPECIAL) - len(_BYTES)
        known = _frequent_characters(runs, most=room // 2)
        alone = [" ", *sorted(character for character in known if _ALONE.match(character) and character != " ")]
        alone = alone[: room // 4]
        words = _words(runs, known)
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


def _counted(sample: Iterable[str]) -> Counter[str]:
    """How often each run occurs; past the bound the rarer half is forgotten."""
    counts: Counter[str] = Counter()
    for passage in sample:
        counts.update(_RUN.findall(passage))
        if len(counts) > _MOST_COUNTED:
            counts = Counter(dict(counts.most_common(_MOST_COUNTED // 2)))
    return counts


def _frequent_characters(runs: Counter[str], *, most: int) -> set[str]:
    counts: Counter[str] = Counter()
    for run, count in runs.items():
        for character in run:
            counts[character] += count
    ordered = sorted(counts, key=lambda character: (-counts[character], character))
    return {character for character in ordered[:most] if _has_utf8(character)}


def _has_utf8(character: str) -> bool:
    character.encode()  # raises UnicodeEncodeError for half a character
    return True


def _words(runs: Counter[str], known: set[str]) -> Counter[str]:
    """The runs, cut at characters that have no piece."""
    words: Counter[str] = Counter()
    for run, count in runs.items():
        for word in _cut(run, known):
            words[word] += count
    return words


def _cut(run: str, known: set[str]) -> Iterator[str]:
    word = ""
    for character in run:
        if character in known and not _ALONE.match(character):
            word += character
        elif word:
            yield word
            word = ""
    if word:
        yield word


def _trained(words: Counter[str], *, most: int) -> list[Piece]:
    """Pieces, likeliest first."""
    try:
        import sentencepiece
    except ImportError:
        raise missing_package("sentencepiece", extra="data") from None
    file = BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(f"{word}\t{words[word]}" for word in sorted(words)),
            input_format="tsv",
            model_writer=file,
            model_type="unigram",
            vocab_size=most,
            hard_vocab_limit=False,
            character_coverage=1.0,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            split_by_unicode_script=False,
            split_by_number=False,
            split_by_whitespace=False,
            bos_id=-1,
            eos_id=-1,
            num_threads=_THREADS,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise WenluError("bad_corpus", f"No unigram vocabulary could be learned from these texts: {error}.") from None
    model = sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())
    pieces = (Piece(model.id_to_piece(number), model.get_score(number)) for number in range(1, len(model)))
    return [piece for piece in pieces if "<" not in piece.text[1:] and piece.text not in SPECIAL]
