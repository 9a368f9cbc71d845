"""What is learned from a sample of texts before anything else: how often each run of one script occurs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from wenlu.base.errors import WenluError, missing_package
from wenlu.text.subwords import RUN

_RUN = re.compile(rf"{RUN}|.", re.DOTALL)
# White space, controls, and the trainer's own mark of a space: its format can't hold them.
_ALONE = re.compile(r"[\s\x00-\x1f▁]")
_MOST_COUNTED = 2_000_000  # distinct runs held while counting: about a third of a gigabyte
_THREADS = 2  # the trainer adds up per thread: another number gives another file


def counted_runs(sample: Iterable[str]) -> Counter[str]:
    """How often each run occurs; past the bound the rarer half is forgotten."""
    counts: Counter[str] = Counter()
    for passage in sample:
        counts.update(_RUN.findall(passage))
        if len(counts) > _MOST_COUNTED:
            counts = Counter(dict(counts.most_common(_MOST_COUNTED // 2)))
    return counts


def counted_characters(runs: Mapping[str, int], *, most: int) -> dict[str, int]:
    """The most frequent characters, those first, with their numbers; raises UnicodeEncodeError for half a one."""
    counts: Counter[str] = Counter()
    for run, count in runs.items():
        for character in run:
            counts[character] += count
    ordered = sorted(counts, key=lambda character: (-counts[character], character))[:most]
    "".join(ordered).encode()
    return {character: counts[character] for character in ordered}


def stands_alone(character: str) -> bool:
    """Whether it is never a part of a longer piece, because the trainer can't be told of it."""
    return bool(_ALONE.match(character))


def counted_words(runs: Mapping[str, int], known: Mapping[str, int]) -> Counter[str]:
    """The runs, cut at characters that are not known and at those that stand alone."""
    words: Counter[str] = Counter()
    for run, count in runs.items():
        for word in _cut(run, known):
            words[word] += count
    return words


def _cut(run: str, known: Mapping[str, int]) -> Iterator[str]:
    word = ""
    for character in run:
        if character in known and not _ALONE.match(character):
            word += character
        elif word:
            yield word
            word = ""
    if word:
        yield word


def trained(words: Mapping[str, int], *, kind: str, size: int) -> Any:
    """A `SentencePieceProcessor` of at most so many pieces, learned from counted words; raises WenluError.

    Every character of them is a piece. `kind` is `bpe` or `unigram`.
    """
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
            model_type=kind,
            vocab_size=size,
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
        raise WenluError("bad_corpus", f"No {kind} vocabulary could be learned from these texts: {error}.") from None
    return sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())
