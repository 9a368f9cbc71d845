"""What several contenders' answers together say about the texts: labels that all of them contradict, copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.doubts import JUDGE_SKILL, DoubtedText, Doubts, Leaks, Noise
from wenlu.evaluation.hardest import cut
from wenlu.evaluation.noise import Answered, contradictions, doubted, together
from wenlu.pipeline.stage import Finished
from wenlu.pipeline.stages.answers import SPLITS, bodies_at, read_answers
from wenlu.pipeline.stages.shelving import Contended
from wenlu.pipeline.stages.suspicion import Suspicion, read_suspicion

_SHOWN = 30

AnsweredSplits = Mapping[str, Answered]


@dataclass(frozen=True, slots=True)
class Doubted:
    """What is doubtful about a dataset, as seen by all contenders."""

    answers: Mapping[str, AnsweredSplits]
    suspicion: Suspicion
    noise: Noise

    @classmethod
    def among(cls, contended: Sequence[Contended], dataset: DatasetVersion, suspicion: Finished) -> Doubted:
        answers = {one.name: read_answers(one.evaluation) for one in contended}
        return cls(answers, read_suspicion(suspicion), _noise(list(answers.values()), dataset))

    def of(self, contender: Contended) -> Doubts:
        """The same with the figures of one contender."""
        leaks = _leaks(self.answers[contender.name]["test"], self.suspicion)
        return Doubts(leaks=leaks, giveaways=self.suspicion.giveaways, noise=self.noise)


def _leaks(test: Answered, suspicion: Suspicion) -> Leaks:
    right = ~test.wrong
    copied = [number in set(suspicion.copies) for number in range(len(right))]
    copies = right[copied]
    others = right[[not one for one in copied]]
    return Leaks(
        texts=len(right),
        copies=len(copies),
        accuracy_of_copies=float(copies.mean()) if len(copies) else 0.0,
        accuracy_of_others=float(others.mean()) if len(others) else 0.0,
        shown=suspicion.shown,
    )


def _noise(contenders: Sequence[AnsweredSplits], dataset: DatasetVersion) -> Noise:
    """What those contenders that have learned something agree on against the labels, which are listed."""
    best = max(together(one).skill for one in contenders)
    asked = [one for one in contenders if together(one).skill >= min(best, JUDGE_SKILL)]
    sure, contradicted = contradictions(list(map(together, asked)))
    found = {split: doubted([one[split] for one in asked]).tolist() for split in SPLITS}
    shown = [text for split, rows in found.items() for text in _shown(split, rows[:_SHOWN], asked, dataset)]
    surest = sorted(shown, key=lambda text: -text.probability)[:_SHOWN]
    return Noise(
        sure,
        contradicted,
        best,
        doubted=sum(map(len, found.values())),
        shown=tuple(surest),
    )


def _shown(
    split: str, rows: Sequence[int], contenders: Sequence[AnsweredSplits], dataset: DatasetVersion
) -> list[DoubtedText]:
    bodies = bodies_at(dataset, split, rows) if rows else []
    first = contenders[0][split]
    return [
        DoubtedText(
            text=cut(body),
            split=split,
            label=dataset.labels[first.truth[row]],
            answer=dataset.labels[first.answers[row]],
            probability=max(float(one[split].sureness[row]) for one in contenders),
        )
        for row, body in zip(rows, bodies, strict=True)
    ]
