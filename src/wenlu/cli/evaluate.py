"""`wenlu model evaluate`: how good a model is, here or as a service answers for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from wenlu.cli.options import AsJson, Root, print_json

if TYPE_CHECKING:
    from wenlu.bundle.seal import Bundle
    from wenlu.evaluation.examination import Examination
    from wenlu.evaluation.examined.judgement import Judgement
    from wenlu.evaluation.examined.words import Language
    from wenlu.evaluation.f1 import Comparison
    from wenlu.evaluation.metrics import Metrics
    from wenlu.evaluation.regression.judgement import NumbersJudgement
    from wenlu.pipeline.evaluate import LabelledTexts, Scores
    from wenlu.sdk.conversation import Prediction
    from wenlu.storage.workspace import Workspace

_SECONDS = 60.0  # for one request of 64 texts, however slow the model


def evaluate(  # noqa: PLR0917  (typer reads options from parameters)
    model: Annotated[str, typer.Argument(help="name, name@version, or a folder")],
    data: Annotated[str, typer.Option(help="A file, folder or archive of labelled texts; else a dataset's name")],
    split: Annotated[str, typer.Option(help="Of a dataset: train, validation or test")] = "test",
    text: Annotated[str | None, typer.Option(help="Of a file: column with the text, its name or number from 0")] = None,
    label: Annotated[str | None, typer.Option(help="Of a file: its label's column, or: folder, prefix, stem")] = None,
    url: Annotated[str | None, typer.Option(help="A service of this model, judged instead; its key: WENLU_KEY")] = None,
    against: Annotated[str | None, typer.Option(help="Another model, compared on the same texts")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a report there, one HTML file")] = None,
    report_language: Annotated[
        str | None, typer.Option(help="Of the report: zh, ja or en; left out, as the texts are")
    ] = None,
    root: Root = None,
    as_json: AsJson = False,
) -> None:
    """Accuracy, F1, ranking, calibration, slices and robustness of a classifier, correlations and errors of a model of
    numbers, each with a 95 % interval."""
    from wenlu.pipeline.evaluate import evaluate as judged
    from wenlu.pipeline.evaluate import evaluate_numbers, open_judged
    from wenlu.storage.workspace import Workspace

    workspace = Workspace.at(root)
    language = _checked(report_language)
    bundle = open_judged(workspace, model)
    other = open_judged(workspace, against) if against is not None else None
    numbers = bundle.manifest.task == "regress"
    if numbers and report is not None:
        raise _no_report(bundle)
    labelled = _labelled(workspace, data, split=split, text=text, label=label, numbers=numbers)
    with answering(url, bundle) as service:
        if numbers:
            estimated = evaluate_numbers(bundle, labelled, service=service, against=other)
            _print(estimated, lines_of_numbers(estimated), as_json=as_json)
            return
        judgement = judged(bundle, labelled, workspace, service=service, against=other)
    if report is not None:
        _write(report, judgement, language)
    _print(judgement, lines(judgement), as_json=as_json)


def _print(judgement: object, said: Iterator[str], *, as_json: bool) -> None:
    if as_json:
        print_json(judgement)
        return
    for line in said:
        typer.echo(line)


def _no_report(bundle: Bundle) -> Exception:
    from wenlu.base.errors import WenluError

    return WenluError(
        "no_report", f"{bundle.title} answers with a number; reports are of classifiers so far.", hint="Use --json."
    )


def _checked(language: str | None) -> Language | None:
    from wenlu.base.errors import WenluError
    from wenlu.evaluation.examined.words import WORDS

    if language is not None and language not in WORDS:
        raise WenluError("unknown_language", f"There is no report in '{language}'.", hint=f"Known: {', '.join(WORDS)}.")
    return cast("Language | None", language)


def _write(path: Path, judgement: Judgement, language: Language | None) -> None:
    from wenlu.evaluation.examined.report import render_judgement, report_language
    from wenlu.storage.local import write_atomic

    write_atomic(path, render_judgement(judgement, language or report_language(judgement.language)).encode())


def _labelled(
    workspace: Workspace, data: str, *, split: str, text: str | None, label: str | None, numbers: bool
) -> LabelledTexts:
    from wenlu.base.errors import WenluError
    from wenlu.base.spec import check
    from wenlu.corpus.settings import SourceConfig
    from wenlu.pipeline.evaluate import dataset_texts, file_texts

    if not Path(data).exists():
        if set(data) & {"/", "."}:
            raise WenluError("no_data", f"There is no file {data}.", hint="A dataset is given by its name.")
        return dataset_texts(workspace, data, split=split)
    columns: dict[str, object] = {"uri": data, "text_column": _column(text)}
    if label in ("folder", "prefix", "stem"):
        columns["label_from"] = label
    else:
        columns["label_column"] = _column(label)
    source = check(SourceConfig, columns, where="wenlu model evaluate")
    return file_texts(Path(data), source, numbers=numbers)


def _column(said: str | None) -> str | int | None:
    return int(said) if said is not None and said.isdecimal() else said


@contextmanager
def answering(url: str | None, bundle: Bundle) -> Iterator[Scores | None]:
    """Who answers at `url`, nobody without one, asked with the key in WENLU_KEY if there is one.

    Raises WenluError `another_model` unless it is that very bundle.
    """
    if url is None:
        yield None
        return
    from wenlu.base.errors import WenluError
    from wenlu.sdk.client import Client

    with Client(url, os.environ.get("WENLU_KEY"), timeout=_SECONDS) as client:
        served = client.model()
        if (served.id, served.version) != (bundle.manifest.name, bundle.manifest.version):
            raise WenluError(
                "another_model",
                f"{url} answers with {served.id}@{served.version}, not with {bundle.title}.",
                hint=f"wenlu model evaluate {served.id}@{served.version} --url {url} …",
            )
        yield lambda texts: list(map(_numbers_said, client.predict(texts)))


def _numbers_said(prediction: Prediction) -> Mapping[str, float]:
    return prediction.scores if prediction.value is None else {"value": prediction.value}


def lines(judgement: Judgement) -> Iterator[str]:
    """What a person reads on a terminal."""
    metrics, found = judgement.metrics, judgement.examination
    yield from _head(judgement, few="all intervals but that of accuracy are")
    yield from _figures(metrics, found)
    yield from _answered(found)
    yield from _slices(found)
    yield from _robustness(found)
    if judgement.comparison is not None:
        yield from _comparison(judgement.comparison, judgement.against)


def lines_of_numbers(judgement: NumbersJudgement) -> Iterator[str]:
    """The same of a model of numbers."""
    metrics = judgement.metrics
    yield from _head(judgement, few="all intervals are")
    for name, figure in (
        ("Pearson", metrics.pearson),
        ("Spearman", metrics.spearman),
        ("RMSE", metrics.rmse),
        ("MAE", metrics.mae),
        ("R²", metrics.r2),
    ):
        yield f"{name:<10} {figure.value:10.4f}  {figure.low:.4f}–{figure.high:.4f}"
    yield f"the mean of what it learned from: RMSE {metrics.mean_rmse:.4f}, MAE {metrics.mean_mae:.4f}"
    found = judgement.difference
    if found is not None:
        verdict = "they differ" if found.clear else "the two are not distinguishable on these texts"
        yield f"\nagainst {judgement.against}: RMSE lower by {found.gain:.4f} ({found.low:.4f} to {found.high:.4f})"
        yield f"  {verdict}"


def _head(judgement: Judgement | NumbersJudgement, *, few: str) -> Iterator[str]:
    from wenlu.evaluation.examination import FEW_TEXTS

    texts = judgement.metrics.texts
    yield f"{judgement.model} on {judgement.data}: {texts:,} {'text' if texts == 1 else 'texts'}"
    if texts < FEW_TEXTS:
        yield f"  so few that {few} too narrow"
    for reason, number in judgement.left_out.items():
        yield f"  {number:,} more could not be read: {reason}"
    yield ""


def _figures(metrics: Metrics, found: Examination) -> Iterator[str]:
    from wenlu.drawing.figures import percent, percent_range

    yield f"accuracy            {percent(metrics.accuracy):>8}  {percent_range(*metrics.accuracy_interval)}"
    yield f"macro F1            {percent(metrics.macro_f1):>8}  {percent_range(*found.f1.macro_f1_interval)}"
    if found.ranking is not None:
        low, high = found.ranking.roc_auc_interval
        yield f"ROC AUC             {found.ranking.roc_auc:8.4f}  {low:.4f}–{high:.4f}"
        low, high = found.ranking.average_precision_interval
        yield f"average precision   {found.ranking.average_precision:8.4f}  {low:.4f}–{high:.4f}"
    yield f"log loss            {metrics.log_loss:8.4f}"
    of = found.calibration
    yield f"calibration error   {percent(of.error):>8}  {percent_range(*of.error_interval)}"
    if of.temperature != 1.0:
        before = f"{percent(of.before):>8}  {percent_range(*of.before_interval)}"
        yield f"  without temperature {before}  (temperature {of.temperature:.3g})"


def _answered(found: Examination) -> Iterator[str]:
    from wenlu.drawing.figures import percent

    yield "\nanswered where the probability is at least …, and right of these"
    for one in found.answered:
        right = percent(one.accuracy) if one.accuracy is not None else "-"
        yield f"  {one.threshold:<6g} {percent(one.share):>8} {right:>8}"


def _slices(found: Examination) -> Iterator[str]:
    from wenlu.drawing.figures import percent, percent_range

    if not found.slices:
        return
    yield "\nslices: texts, right, 95 %"
    for one in found.slices:
        mark = "  clearly worse than the rest" if one.worse else ""
        interval = percent_range(*one.accuracy_interval)
        yield f"  {one.kind:<11} {one.name[:30]:<30} {one.texts:>7,} {percent(one.accuracy):>8}  {interval}{mark}"


def _robustness(found: Examination) -> Iterator[str]:
    from wenlu.drawing.figures import percent, percent_range

    if found.robustness is None or not found.robustness.disturbed:
        return
    yield f"\ndisturbed ({found.robustness.sample:,} of {found.robustness.texts:,} texts): changed answers, right then"
    for one in found.robustness.disturbed:
        changed, interval = percent(one.changed / one.texts), percent_range(*one.changed_interval)
        then = f"{percent(one.before)} → {percent(one.accuracy)}"
        yield f"  {one.name:<12} {one.texts:>6,} texts {one.changed:>5,} changed {changed:>8} ({interval})  {then}"


def _comparison(one: Comparison, against: str) -> Iterator[str]:
    low, high = one.accuracy_lead_interval
    lead = f"{(one.accuracy - one.other_accuracy) * 100:+.1f} points ({low * 100:+.1f} to {high * 100:+.1f})"
    verdict = "they differ" if one.distinguishable else "the two are not distinguishable on these texts"
    yield f"\nagainst {against}: {lead}; {one.only_this:,} texts right here alone, {one.only_other:,} there alone"
    yield f"  {verdict} (McNemar, p = {one.p_value:.2g})"
