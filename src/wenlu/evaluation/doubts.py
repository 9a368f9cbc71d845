"""What is doubtful about the texts that a classifier was judged on, whatever the classifier."""

from __future__ import annotations

import msgspec

from wenlu.drawing.figures import count, percent, points
from wenlu.evaluation.found import Found
from wenlu.evaluation.metrics import wilson_interval

# Copies among a hundred test texts that an import without deduplication leaves by chance are fewer than this; three
# texts or less are named in no sentence.
LEAKED_SHARE, LEAKED_TEXTS = 0.01, 4

# Of the fifth of the texts that all models agree on and are surest about, a clean set has a few per cent labelled
# otherwise, and one with every fourth label wrong about a quarter. The interval tells chance from more than this.
NOISE_SHARE = 0.12


# A model that has hardly learned is wrong where it is surest too: it should get three tenths of what
# guessing leaves wrong.
JUDGE_SKILL = 0.3


class CopiedText(msgspec.Struct, frozen=True):
    """A test text, and the training text it is nearly the same as."""

    text: str
    source: str
    similarity: float


class Leaks(msgspec.Struct, frozen=True):
    """How many of `texts` test texts have a near copy in training, and how those and the others are answered."""

    texts: int
    copies: int
    accuracy_of_copies: float
    accuracy_of_others: float
    shown: tuple[CopiedText, ...] = ()


class Giveaway(msgspec.Struct, frozen=True):
    """A piece of text that gives a label away: of the texts that have it `precision` have the label, of those that have
    the label `recall` have it."""

    piece: str
    label: str
    precision: float
    recall: float


class DoubtedText(msgspec.Struct, frozen=True):
    """A text whose label every model contradicts with the same answer, the surest of them with this probability."""

    text: str
    split: str
    label: str
    answer: str
    probability: float


class Noise(msgspec.Struct, frozen=True):
    """Of the `sure` unseen texts that all models agree on and are surest about, `contradicted` have another label.

    `skill` is what the best of them gets right of what guessing the most frequent label leaves wrong. `doubted` is the
    number of texts of which all models say so, whose first are `shown`.
    """

    sure: int
    contradicted: int
    skill: float
    doubted: int = 0
    shown: tuple[DoubtedText, ...] = ()


class Doubts(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; None where nobody looked."""

    leaks: Leaks | None = None
    giveaways: tuple[Giveaway, ...] = ()
    noise: Noise | None = None


def leak(doubts: Doubts) -> Found | None:
    """Copies of training texts among the test texts."""
    leaks = doubts.leaks
    if leaks is None or leaks.copies < max(LEAKED_TEXTS, LEAKED_SHARE * leaks.texts):
        return None
    share = leaks.copies / leaks.texts
    evidence = {
        "leaked_share": share,
        "leaked_texts": float(leaks.copies),
        "accuracy_of_copies": leaks.accuracy_of_copies,
        "accuracy_of_others": leaks.accuracy_of_others,
    }
    values = {
        "copies": count(leaks.copies),
        "share": percent(share),
        "ours": percent(leaks.accuracy_of_copies),
        "others": percent(leaks.accuracy_of_others),
    }
    return Found("leak", "leak", evidence, values)


def giveaway(doubts: Doubts) -> Found | None:
    """A piece of text that tells a label by itself; of several, the one that tells most."""
    if not doubts.giveaways:
        return None
    first = doubts.giveaways[0]
    values = {
        "piece": first.piece,
        "label": first.label,
        "recall": percent(first.recall),
        "precision": percent(first.precision),
    }
    return Found("giveaway", "giveaway", {"precision": first.precision, "recall": first.recall}, values)


def label_noise(doubts: Doubts) -> Found | None:
    """More of the surest answers are contradicted by the labels than a clean set has, and more than chance explains."""
    noise = doubts.noise
    if noise is None or not noise.sure or noise.skill < JUDGE_SKILL:
        return None
    share, (low, _) = noise.contradicted / noise.sure, wilson_interval(noise.contradicted, noise.sure)
    if low <= NOISE_SHARE:
        return None
    evidence = {"contradicted_share": share, "sure_texts": float(noise.sure), "doubted_texts": float(noise.doubted)}
    values = {"share": percent(share), "doubted": count(noise.doubted), "points": points(share)}
    return Found("label_noise", "label_noise", evidence, values)
