"""A sealed bundle judged on labelled texts of any kind, by what it answers here or what a live service says for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.base.records import Dropped, Text
from wenlu.bundle.predict import Predictor, as_numbers
from wenlu.bundle.seal import Bundle, open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.corpus.labels import numbered
from wenlu.corpus.reading import Reading
from wenlu.corpus.settings import SPLITS, SourceConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.evaluation.examined.judgement import Judgement
from wenlu.evaluation.f1 import compare_answers
from wenlu.evaluation.hardest import hardest_texts
from wenlu.evaluation.metrics import measure
from wenlu.evaluation.regression.choose import compare
from wenlu.evaluation.regression.judgement import NumbersJudgement
from wenlu.evaluation.regression.metrics import measure as measure_numbers
from wenlu.evaluation.regression.worst import worst_texts
from wenlu.pipeline.examining import Floats, examined
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.workspace import Workspace

# As many as a service takes in one request: the same texts are computed side by side here and there, so that not even
# the last digit of a probability differs.
_TOGETHER = 64
_SHOWN = 5

Scores = Callable[[Sequence[str]], Sequence[Mapping[str, float]]]
"""From at most 64 texts to all that an answer says, by name: the probability of each label, or the `value`."""


class LabelledTexts(msgspec.Struct, frozen=True):
    """What a model is judged on. `left_out` counts what could not be read, by reason."""

    name: str
    texts: list[Text]
    left_out: dict[str, int] = {}


def open_judged(workspace: Workspace, reference: str) -> Bundle:
    """The bundle of a model's name, or in a folder, that answers with labels or with a number.

    Raises WenluError: `not_judged` for one that writes, and all that finding and opening a bundle raises.
    """
    bundle = open_bundle(find_model(workspace, reference))
    if bundle.manifest.task not in ("classify", "regress"):
        raise WenluError(
            "not_judged",
            f"{bundle.title} is a model that writes; those that answer with a label or a number are judged so far.",
            hint="The report of the run that made it tells how good it is.",
        )
    return bundle


def dataset_texts(workspace: Workspace, reference: str, *, split: str) -> LabelledTexts:
    """One split of a dataset; raises WenluError `unknown_dataset`, `unknown_split`, `no_texts`."""
    if split not in SPLITS:
        raise WenluError("unknown_split", f"There is no split '{split}'.", hint=f"Known: {', '.join(SPLITS)}.")
    dataset = DatasetVersion.open(workspace, reference)
    return _some(LabelledTexts(f"{dataset.reference} {split}", list(dataset.texts(split))))


def file_texts(path: Path, source: SourceConfig, *, numbers: bool = False) -> LabelledTexts:
    """The texts of a file, a folder or an archive, as they stand; raises WenluError `no_texts`, or of the readers.

    With `numbers` labels are numbers, and a text without one is left out and counted.
    """
    texts: list[Text] = []
    left_out: Counter[str] = Counter()
    reading = Reading(path, source, numbers=numbers)
    for one in numbered(reading) if numbers else reading:
        if isinstance(one, Dropped):
            left_out[one.reason] += 1
        elif not one.body.strip():
            left_out["empty"] += 1
        else:
            texts.append(one)
    return _some(LabelledTexts(path.name, texts, dict(left_out)))


def evaluate(
    bundle: Bundle,
    labelled: LabelledTexts,
    workspace: Workspace,
    *,
    service: Scores | None = None,
    against: Bundle | None = None,
) -> Judgement:
    """Judge what a classifier answers, by the function that serving calls, or what `service` answers in its place.

    Raises WenluError: `unlabelled`, `unknown_labels`, `other_labels` of the model it is compared with, and
    `bad_predictions` where a probability is no number.
    """
    labels = bundle.manifest.labels
    truth = _truth(labelled, labels)
    if against is not None and set(against.manifest.labels) != set(labels):
        raise _other_labels(bundle, against)
    answer = _answer(service or _scores_of(bundle), labels)
    bodies = [text.body for text in labelled.texts]
    probabilities = answer(bodies)
    metrics = measure(labels=labels, truth=truth, probabilities=probabilities)
    examination = examined(
        answer,
        bundle,
        labelled.texts,
        metrics=metrics,
        truth=truth,
        probabilities=probabilities,
        label_counts=_learned_from(bundle, workspace),
    )
    comparison = None
    if against is not None:
        others = _answer(_scores_of(against), labels)(bodies).argmax(axis=1)
        comparison = compare_answers(truth, probabilities.argmax(axis=1), others, classes=len(labels))
    return Judgement(
        model=bundle.title,
        data=labelled.name,
        created=_now(),
        language=_language(bundle, workspace),
        left_out=labelled.left_out,
        metrics=metrics,
        examination=examination,
        hardest=hardest_texts(bodies, labels=labels, truth=truth, probabilities=probabilities),
        against=against.title if against is not None else "",
        comparison=comparison,
    )


def evaluate_numbers(
    bundle: Bundle, labelled: LabelledTexts, *, service: Scores | None = None, against: Bundle | None = None
) -> NumbersJudgement:
    """The same for a model of numbers.

    Raises WenluError: `unlabelled`, `no_numbers` of labels that are none or a model that answers with labels,
    `other_labels` of the model it is compared with, and `bad_predictions` where an answer is no number.
    """
    if bundle.manifest.scale is None:
        raise WenluError("no_numbers", f"{bundle.title} answers with labels, not with a number.")
    if against is not None and against.manifest.scale is None:
        raise _other_labels(bundle, against)
    truth = _numbers(labelled)
    bodies = [text.body for text in labelled.texts]
    answers = _answer(service or _scores_of(bundle), ["value"])(bodies)[:, 0]
    metrics = measure_numbers(truth=truth, answers=answers, mean=bundle.manifest.scale.mean)
    difference = None
    if against is not None:
        others = _answer(_scores_of(against), ["value"])(bodies)[:, 0]
        difference = compare((answers - truth).tolist(), (others - truth).tolist())
    return NumbersJudgement(
        model=bundle.title,
        data=labelled.name,
        created=_now(),
        left_out=labelled.left_out,
        metrics=metrics,
        worst=worst_texts(bodies, truth=truth, answers=answers),
        against=against.title if against is not None else "",
        difference=difference,
    )


def _some(labelled: LabelledTexts) -> LabelledTexts:
    if not labelled.texts:
        left_out = ", ".join(f"{number:,} {reason}" for reason, number in labelled.left_out.items())
        raise WenluError(
            "no_texts", f"{labelled.name} holds no text to judge on{f' ({left_out})' if left_out else ''}."
        )
    return labelled


def _truth(labelled: LabelledTexts, labels: Sequence[str]) -> NDArray[np.int64]:
    """Label numbers [N]."""
    _refuse_unlabelled(labelled)
    number = {label: position for position, label in enumerate(labels)}
    strange = Counter(text.label or "" for text in labelled.texts if text.label not in number)
    if strange:
        raise _unknown_labels(labelled, strange, labels)
    return np.fromiter((number[text.label or ""] for text in labelled.texts), np.int64, count=len(labelled.texts))


def _numbers(labelled: LabelledTexts) -> Floats:
    """Labels as numbers [N]."""
    _refuse_unlabelled(labelled)
    try:
        return np.array([text.label for text in labelled.texts], dtype=np.float64)
    except ValueError:
        raise WenluError(
            "no_numbers", f"{labelled.name} has labels that are no numbers, and the model answers with one."
        ) from None


def _refuse_unlabelled(labelled: LabelledTexts) -> None:
    bare = [text for text in labelled.texts if not text.label]
    if bare:
        raise WenluError(
            "unlabelled",
            f"{len(bare):,} of {len(labelled.texts):,} texts of {labelled.name} have no label, the first in "
            f"{bare[0].source.file}, line {bare[0].source.line}.",
            hint="Say which column holds it: --label COLUMN.",
        )


def _unknown_labels(labelled: LabelledTexts, strange: Counter[str], labels: Sequence[str]) -> WenluError:
    shown = ", ".join(
        f"'{label}' ({number:,} texts){did_you_mean(label, labels)}" for label, number in strange.most_common(_SHOWN)
    )
    more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
    return WenluError(
        "unknown_labels",
        f"{labelled.name} has labels that the model never learned: {shown}{more}.",
        hint=f"It knows: {_listed(labels)}.",
    )


def _other_labels(bundle: Bundle, against: Bundle) -> WenluError:
    return WenluError(
        "other_labels",
        f"{bundle.title} and {against.title} can't be compared: one answers {_listed(bundle.manifest.labels)}, "
        f"the other {_listed(against.manifest.labels)}.",
        hint="Compare models of the same labels.",
    )


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
    return ", ".join(labels[:10]) + more if labels else "with a number"


def _scores_of(bundle: Bundle) -> Scores:
    predictor = Predictor(bundle, RUNTIMES["onnx"](bundle))
    return lambda texts: list(map(as_numbers, predictor.predict(texts)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _answer(scores: Scores, labels: Sequence[str]) -> Callable[[Sequence[str]], Floats]:
    """Probabilities [N, C], however many texts; a label that an answer leaves out has none (NaN)."""

    def answer(texts: Sequence[str]) -> Floats:
        chunks = (texts[start : start + _TOGETHER] for start in range(0, len(texts), _TOGETHER))
        rows: list[list[Any]] = [
            [said.get(label, np.nan) for label in labels] for chunk in chunks for said in scores(chunk)
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, len(labels))

    return answer


def _learned_from(bundle: Bundle, workspace: Workspace) -> dict[str, int]:
    """How many texts of each label it learned from, if the dataset is still here."""
    dataset = _dataset_of(bundle, workspace)
    return dataset.label_counts("train") if dataset is not None else {}


def _language(bundle: Bundle, workspace: Workspace) -> str:
    dataset = _dataset_of(bundle, workspace)
    return dataset.manifest.language if dataset is not None else ""


def _dataset_of(bundle: Bundle, workspace: Workspace) -> DatasetVersion | None:
    try:
        return DatasetVersion.open(workspace, bundle.manifest.lineage.dataset)
    except WenluError:
        return None
