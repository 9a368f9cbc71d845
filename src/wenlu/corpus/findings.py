"""What stands out in a dataset, with the number it rests on and what to do about it.

Every threshold stands here by name with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from wenlu.base.finding import HEALTHY, Finding
from wenlu.corpus.manifest import DatasetManifest
from wenlu.corpus.statistics import QUANTILES, Statistics
from wenlu.corpus.words import say
from wenlu.drawing.figures import count, percent, points

# 95 % of a share near one half, measured on 400 texts, are within five points; on fewer, models can't be told apart.
FEW_TEXTS = 400

# From ten texts a linear model can take a hint; from fewer it learns their words by heart.
RARE_LABEL = 10

# Where more than four of five texts share one label, accuracy hides whether the others are found at all.
MAJORITY_SHARE = 0.80

# One contradiction in a hundred texts is what careful annotators leave; each is a bound on what a model can reach.
CONFLICTS_SHARE = 0.01

# More copies than texts: templates, spam, or the same file twice.
COPIES_SHARE = 0.5

# A few foreign texts are quotations; more than one in fifty comes from another source.
LANGUAGE_SHARE = 0.02

# Between title and article lies a factor of ten to fifty; beyond a hundred, different things were taken for texts.
LONG_TIMES = 100

# One odd character in ten thousand is a flourish, more is an encoding.
ODD_SHARE = 1e-4

# A broken line in a thousand happens; more is a wrong setting.
BROKEN_SHARE = 0.001

_LANGUAGES = {"zh": "zh-Hans", "zh-Hant": "zh-Hant", "ja": "ja"}
_BROKEN = ("bad_encoding", "bad_row", "no_text", "no_pair", "unknown_label")
_COPIES = ("duplicate", "near_duplicate", "duplicate_of_held_out", "near_duplicate_of_held_out")


def find(manifest: DatasetManifest, statistics: Statistics) -> list[Finding]:
    """All that stands out, the gravest first, `healthy` where nothing does; last what was prevented."""
    case = _Case(manifest, statistics)
    found = list(_found(case)) or [_finding(HEALTHY, {})]
    return [*found, *_prevented(case)]


def _found(case: _Case) -> Iterator[Finding]:
    for check in (_labels, _few_texts, _input, _copies, _language, _shape):
        yield from check(case)


@dataclass(frozen=True)
class _Case:
    manifest: DatasetManifest
    statistics: Statistics

    @cached_property
    def labels(self) -> dict[str, int]:
        """Texts of each label, the commonest first."""
        counts = self.manifest.counts.labels.values()
        total = {label: sum(split.get(label, 0) for split in counts) for label in self.manifest.labels}
        return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))

    def dropped(self, *reasons: str) -> int:
        return sum(self.manifest.counts.dropped.get(reason, 0) for reason in reasons)

    @property
    def read(self) -> int:
        return max(self.manifest.counts.read, 1)


def _labels(case: _Case) -> Iterator[Finding]:
    if not case.labels:
        return
    commonest, most = next(iter(case.labels.items()))
    if len(case.labels) == 1:
        yield _finding("one_label", {"texts": most}, label=commonest)
        return
    train, test = (case.manifest.counts.labels[split] for split in ("train", "test"))
    yield from _unlearned(case, train)
    yield from _rare(case, train)
    untested = [label for label in case.labels if not test.get(label)]
    if case.manifest.counts.splits["test"] and untested:
        yield _finding("untested_label", {"labels": len(untested)}, label=untested[0])
    share = most / sum(case.labels.values())
    if share > MAJORITY_SHARE:
        yield _finding("imbalance", {"share": share}, label=commonest)
    conflicts = case.dropped("label_conflict")
    if conflicts > CONFLICTS_SHARE * case.read:
        yield _finding("conflicts", {"texts": conflicts, "share": conflicts / case.read})


def _unlearned(case: _Case, train: Mapping[str, int]) -> Iterator[Finding]:
    for label, texts in case.labels.items():
        if not train.get(label):
            yield _finding("unlearned_label", {"texts": texts}, label=label)
            return


def _rare(case: _Case, train: Mapping[str, int]) -> Iterator[Finding]:
    rare = [label for label in case.labels if 0 < train.get(label, 0) < RARE_LABEL]
    if rare:
        values = {"labels": len(rare), "texts": train[rare[-1]]}
        yield _finding("rare_label", values, label=rare[-1], all=count(len(case.labels)), least=count(RARE_LABEL))


def _few_texts(case: _Case) -> Iterator[Finding]:
    for split in ("test", "validation"):
        texts = case.manifest.counts.splits[split]
        if 0 < texts < FEW_TEXTS and len(case.labels) > 1:
            unsure = points(1.96 * math.sqrt(0.25 / texts))
            yield _finding("few_texts", {"texts": texts}, split=say(f"split.{split}"), unsure=unsure)
            return


def _input(case: _Case) -> Iterator[Finding]:
    broken = case.dropped(*_BROKEN)
    if broken > BROKEN_SHARE * case.read:
        yield _finding("broken", {"share": broken / case.read, "texts": broken})
    odd = sum(case.statistics.odd.values())
    if odd > ODD_SHARE * case.statistics.characters:
        examples = ", ".join(f"U+{ord(character):04X}" for character in list(case.statistics.odd)[:3])
        yield _finding("odd", {"characters": odd}, examples=examples)


def _prevented(case: _Case) -> Iterator[Finding]:
    leaks = case.manifest.near.across_splits
    if leaks:
        yield _finding("leaks", {"texts": leaks})


def _copies(case: _Case) -> Iterator[Finding]:
    copies = case.dropped(*_COPIES)
    if copies > COPIES_SHARE * case.read:
        yield _finding("copies", {"share": copies / case.read, "texts": copies})


def _language(case: _Case) -> Iterator[Finding]:
    said = _LANGUAGES.get(case.manifest.language)
    languages = {name: texts for name, texts in case.statistics.languages.items() if name not in (said, "han")}
    if said is None or not languages:
        return
    foreign, texts = next(iter(languages.items()))
    share = texts / max(sum(case.statistics.languages.values()), 1)
    if share > LANGUAGE_SHARE:
        spoken = {"language": say(f"language.{foreign}"), "said": say(f"language.{said}")}
        yield _finding("language", {"share": share}, **spoken, keep=f"{said}, han")


def _shape(case: _Case) -> Iterator[Finding]:
    lengths = [one.quantiles for one in case.statistics.lengths.values() if one.quantiles]
    longest = max((one[-1] for one in lengths), default=0)
    median = max((one[QUANTILES.index(0.5)] for one in lengths), default=1)
    if longest > LONG_TIMES * max(median, 1):
        yield _finding("long", {"times": longest / max(median, 1)}, longest=count(longest))


def _finding(code: str, evidence: Mapping[str, float], **words: str) -> Finding:
    values = {key: written(key, value) for key, value in evidence.items()}
    return Finding(
        code, say(f"said.{code}", **values, **words), dict(evidence), say(f"advice.{code}", **values, **words)
    )


def written(key: str, value: float) -> str:
    """How the evidence called `key` is written."""
    return percent(value) if key == "share" else count(round(value))
