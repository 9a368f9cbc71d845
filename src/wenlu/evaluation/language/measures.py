"""The numbers that say how good a language model is: how surely it foretells texts it has never seen, and how much its
own texts repeat themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError

_DRAWN, _TOGETHER = 1_000, 50  # bootstrap samples, and how many are drawn at once
_SEED = 1


class Surprise(msgspec.Struct, frozen=True):
    """How surprised a model was by some texts. Perplexity is by token, so it compares models of one tokenizer alone;
    bits by character and by byte of UTF-8 compare any. The interval holds 95 %, over texts drawn again."""

    texts: int
    tokens: int
    characters: int
    perplexity: float
    bits_per_character: float
    bits_per_byte: float
    bits_per_character_interval: tuple[float, float]


class Variety(msgspec.Struct, frozen=True):
    """How a model's own texts are: `distinct` is the share of different ones among their n-grams of 1, 2 and 3
    characters (Li et al. 2016), `repeated` the share of 4-grams that stand earlier in the same text."""

    texts: int
    distinct: tuple[float, float, float]
    repeated: float


def measure_surprise(
    *,
    nats: NDArray[np.floating[Any]],
    tokens: NDArray[np.integer[Any]],
    characters: NDArray[np.integer[Any]],
    bytes_: NDArray[np.integer[Any]],
) -> Surprise:
    """From each text's -Σ ln p(token | those before it), and its numbers of tokens, characters and bytes, all [N].

    Raises WenluError `no_texts`, or `bad_predictions` for a surprise that is no number.
    """
    if not len(nats):
        raise WenluError("no_texts", "There is no text to measure on.", hint="Give the split at least one text.")
    if not np.isfinite(nats).all() or (nats < 0).any():
        raise WenluError("bad_predictions", "These predictions can't be measured: a text's surprise is no number.")
    bits = nats / math.log(2)
    return Surprise(
        texts=len(nats),
        tokens=int(tokens.sum()),
        characters=int(characters.sum()),
        perplexity=float(np.exp(nats.sum() / tokens.sum())),
        bits_per_character=float(bits.sum() / characters.sum()),
        bits_per_byte=float(bits.sum() / bytes_.sum()),
        bits_per_character_interval=_interval(bits, characters),
    )


def measure_variety(texts: Sequence[str]) -> Variety:
    """Of texts that a model wrote."""
    distinct = tuple(_distinct(texts, n) for n in (1, 2, 3))
    grams = [_grams(text, 4) for text in texts]
    total = sum(map(len, grams))
    again = sum(len(found) - len(set(found)) for found in grams)
    return Variety(len(texts), (distinct[0], distinct[1], distinct[2]), again / total if total else 0.0)


def difference_interval(
    ours: NDArray[np.floating[Any]], theirs: NDArray[np.floating[Any]], characters: NDArray[np.integer[Any]]
) -> tuple[float, float]:
    """95 % of the difference in bits per character of two models on the same texts, paired: texts drawn again
    (Koehn 2004). An interval that holds 0 means that they are not distinguishable."""
    return _interval((ours - theirs) / math.log(2), characters)


def _interval(bits: NDArray[np.floating[Any]], characters: NDArray[np.integer[Any]]) -> tuple[float, float]:
    """2.5 and 97.5 % of Σ bits / Σ characters over texts drawn with replacement (Efron 1979), in bounded memory."""
    chance = np.random.default_rng(_SEED)
    drawn = []
    for _ in range(_DRAWN // _TOGETHER):
        times = chance.multinomial(len(bits), np.full(len(bits), 1 / len(bits)), size=_TOGETHER)
        drawn.append(times @ bits / np.maximum(times @ characters, 1))
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    return float(low), float(high)


def _distinct(texts: Sequence[str], n: int) -> float:
    grams = [gram for text in texts for gram in _grams(text, n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def _grams(text: str, n: int) -> list[str]:
    return [text[start : start + n] for start in range(len(text) - n + 1)]
