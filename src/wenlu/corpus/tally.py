"""What an import has read, kept and refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from wenlu.base.records import Dropped, Text
from wenlu.corpus.samples import DroppedSample

_SAMPLES = 20  # refused texts kept for each reason, to look at
_SHOWN = 200


@dataclass(slots=True)
class Tally:
    """What was read, kept and refused so far."""

    read: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    labels: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    dropped: Counter[str] = field(default_factory=Counter)
    samples: defaultdict[str, list[Text]] = field(default_factory=lambda: defaultdict(list))

    def drop(self, dropped: Dropped) -> None:
        self.dropped[dropped.reason] += 1
        if self.room(dropped.reason):
            self.samples[dropped.reason].append(replace(dropped.text, body=dropped.text.body[:_SHOWN]))

    def room(self, reason: str) -> int:
        """How many more texts of this reason are kept to look at."""
        return _SAMPLES - len(self.samples[reason])

    def keep(self, labels: Sequence[str | None], split: str, *, count: bool = True) -> None:
        """Texts that stay; their labels are counted unless they are numbers, of which any text may have another."""
        self.splits[split] += len(labels)
        if count:
            self.labels[split].update(label for label in labels if label is not None)

    def reasons(self) -> str:
        """`17,527 duplicate, 237 label_conflict`."""
        return ", ".join(f"{number:,} {reason}" for reason, number in self.dropped.most_common()) or "nothing"

    def dropped_samples(self) -> Iterator[DroppedSample]:
        """The refused texts to look at, by reason."""
        for reason, texts in sorted(self.samples.items()):
            for text in texts:
                yield DroppedSample(reason, text.source.file, text.source.line, text.label, text.body[:_SHOWN])
