from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.bundles import make_bundle

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.records import Source, Text
from wenlu.bundle.manifest import Scale
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import Bundle, open_bundle
from wenlu.cli.evaluate import answering, lines, lines_of_numbers
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.settings import DataConfig, SourceConfig
from wenlu.evaluation.examined.judgement import Judgement
from wenlu.evaluation.examined.report import render_judgement
from wenlu.pipeline.evaluate import (
    LabelledTexts,
    dataset_texts,
    evaluate,
    evaluate_numbers,
    file_texts,
    open_judged,
)
from wenlu.serving.runtimes import RUNTIMES
from wenlu.serving.service import serving
from wenlu.storage.workspace import Workspace

GOOD = ("很好吃", "房間乾淨", "とても良い", "また買います", "服务周到", "满意")
BAD = ("太难吃", "房間很髒", "とても悪い", "二度と買わない", "服务很差", "失望")


def reviews(number: int) -> list[Text]:
    return [
        Text(f"{phrases[at % 6]}，{phrases[(at * 5 + 2) % 6]}！ {at}番", label, Source("reviews.csv", at + 2))
        for at in range(number // 2)
        for label, phrases in (("positive", GOOD), ("negative", BAD))
    ]


LABELLED = LabelledTexts("reviews", reviews(300))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("judged") / "b", temperature=0.5, abstain=0.6)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "root")


@pytest.fixture
def bundle(folder: Path, workspace: Workspace) -> Bundle:
    return open_judged(workspace, str(folder))


def code_of(doing: Callable[[], object]) -> str:
    with pytest.raises(WenluError) as caught:
        doing()
    return caught.value.code


def test_it_judges_what_predict_answers(bundle: Bundle, workspace: Workspace):
    found = evaluate(bundle, LABELLED, workspace)
    answers = Predictor(bundle, RUNTIMES["onnx"](bundle)).predict([text.body for text in LABELLED.texts])
    right = [answer.label == text.label for answer, text in zip(answers, LABELLED.texts, strict=True)]
    assert found.metrics.accuracy == np.mean(right)
    assert found.examination.calibration.temperature == 0.5
    assert 0.6 in [one.threshold for one in found.examination.answered]
    unsure = sum(answer.abstained is True for answer in answers)
    assert next(one.texts for one in found.examination.answered if one.threshold == 0.6) == 300 - unsure
    assert {one.kind for one in found.examination.slices} >= {"length", "script"}
    assert found.examination.robustness is not None
    changed = {one.name: one.changed for one in found.examination.robustness.disturbed}
    assert changed["width"] == 0  # this bundle's text pipeline has nfkc


def test_a_liveanswering_gives_the_very_same_figures(folder: Path, bundle: Bundle, workspace: Workspace):
    here = evaluate(bundle, LABELLED, workspace)
    with serving(folder) as address:
        with answering(address, bundle) as service:
            there = evaluate(bundle, LABELLED, workspace, service=service)
    there = msgspec.structs.replace(there, created=here.created)
    assert msgspec.json.encode(there) == msgspec.json.encode(here)


def test_aanswering_of_another_model_is_not_judged_in_its_place(folder: Path, workspace: Workspace, tmp_path: Path):
    other = open_bundle(make_bundle(tmp_path / "other", seed=2))
    with serving(folder) as address:
        assert code_of(lambda: answering(address, other).__enter__()) == "another_model"


def test_aanswering_that_is_not_there_is_a_sentence(bundle: Bundle):
    assert code_of(lambda: answering("http://127.0.0.1:1", bundle).__enter__()) == "unreachable"


def test_two_models_are_compared_on_the_same_texts(bundle: Bundle, workspace: Workspace, tmp_path: Path):
    other = open_bundle(make_bundle(tmp_path / "other", seed=2, labels=("positive", "negative")))
    found = evaluate(bundle, LABELLED, workspace, against=other)
    assert found.comparison is not None
    assert found.comparison.other_accuracy == evaluate(other, LABELLED, workspace).metrics.accuracy
    itself = evaluate(bundle, LABELLED, workspace, against=bundle).comparison
    assert itself is not None
    assert not itself.distinguishable
    assert "not distinguishable" in "\n".join(lines(msgspec.structs.replace(found, comparison=itself)))


def test_models_of_other_labels_are_not_compared(bundle: Bundle, workspace: Workspace, tmp_path: Path):
    other = open_bundle(make_bundle(tmp_path / "topics", labels=("体育", "财经"), positive=None))
    assert code_of(lambda: evaluate(bundle, LABELLED, workspace, against=other)) == "other_labels"


def test_one_text_is_judged_and_the_interval_says_how_little_that_is(bundle: Bundle, workspace: Workspace):
    found = evaluate(bundle, LabelledTexts("one", LABELLED.texts[:1]), workspace)
    low, high = found.metrics.accuracy_interval
    assert high - low > 0.7
    assert found.examination.ranking is None
    assert found.examination.slices == ()
    said = "\n".join(lines(found))
    assert ": 1 text\n" in said
    assert "too narrow" in said
    assert "slices" not in said
    assert "区间都偏窄" in render_judgement(found, "zh")


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([Text("很好", None, Source("a.csv", 7))], "unlabelled"),
        ([Text("很好", "")], "unlabelled"),
        ([Text("很好", "positve"), Text("很好", "中性")], "unknown_labels"),
    ],
)
def test_texts_that_can_not_be_judged_are_refused(texts: list[Text], code: str, bundle: Bundle, workspace: Workspace):
    with pytest.raises(WenluError) as caught:
        evaluate(bundle, LabelledTexts("a.csv", [*LABELLED.texts, *texts]), workspace)
    assert caught.value.code == code
    assert "a.csv" in caught.value.message


def test_a_label_that_is_nearly_known_is_asked_about(bundle: Bundle, workspace: Workspace):
    with pytest.raises(WenluError, match=r"'positve'.*Did you mean 'positive'"):
        evaluate(bundle, LabelledTexts("a", [Text("很好", "positve")]), workspace)


@pytest.mark.parametrize("said", [{"negative": float("nan"), "positive": 0.5}, {"positive": 1.0}, {}])
def test_scores_that_are_no_numbers_are_refused(said: Mapping[str, float], bundle: Bundle, workspace: Workspace):
    def broken(texts: Sequence[str]) -> list[Mapping[str, float]]:
        return [said] * len(texts)

    assert code_of(lambda: evaluate(bundle, LABELLED, workspace, service=broken)) == "bad_predictions"


def test_a_bundle_that_was_cut_off_or_is_of_another_time_or_task_is_refused(
    folder: Path, workspace: Workspace, tmp_path: Path
):
    cut = Path(shutil.copytree(folder, tmp_path / "cut"))
    (cut / "model.onnx").write_bytes((cut / "model.onnx").read_bytes()[:1000])
    assert code_of(lambda: open_judged(workspace, str(cut))) == "changed_bundle"
    manifest = (cut / "bundle.json").read_text(encoding="utf-8")
    (cut / "bundle.json").write_text(manifest[:200], encoding="utf-8")
    assert code_of(lambda: open_judged(workspace, str(cut))) == "changed_bundle"
    (cut / "bundle.json").write_text(manifest.replace('"format":1', '"format":9').replace('"format": 1', '"format": 9'))
    assert code_of(lambda: open_judged(workspace, str(cut))) == "newer_bundle"
    kept = json.loads(manifest)
    writes = kept | {"task": "generate", "labels": [], "positive": None}
    for name in ("temperature", "abstain"):
        writes.pop(name)
    (cut / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    (cut / "bundle.json").write_text(json.dumps(writes), encoding="utf-8")
    assert code_of(lambda: open_judged(workspace, str(cut))) == "not_judged"


def test_files_are_read_as_they_stand_and_what_is_empty_is_counted(tmp_path: Path):
    path = tmp_path / "test.csv"
    path.write_text("评论,标签\n很好吃,positive\n　,positive\nとても悪い,negative\n", encoding="gb18030")
    found = file_texts(path, SourceConfig(uri=str(path)))
    assert [(text.body, text.label) for text in found.texts] == [("很好吃", "positive"), ("とても悪い", "negative")]
    assert sum(found.left_out.values()) == 1
    path.write_text("评论,标签\n", encoding="utf-8")
    assert code_of(lambda: file_texts(path, SourceConfig(uri=str(path)))) == "no_texts"


def test_a_split_of_a_dataset_is_judged(bundle: Bundle, workspace: Workspace, tmp_path: Path):
    lines = "\n".join(f"{text.body},{text.label}" for text in LABELLED.texts)
    (tmp_path / "a.csv").write_text(f"text,label\n{lines}\n", encoding="utf-8")
    data = DataConfig(name="mine", sources=[SourceConfig(uri=str(tmp_path / "a.csv"))])
    import_dataset(data, workspace, Silent())
    labelled = dataset_texts(workspace, "mine", split="validation")
    assert isinstance(evaluate(bundle, labelled, workspace), Judgement)
    assert code_of(lambda: dataset_texts(workspace, "mine", split="dev")) == "unknown_split"
    assert code_of(lambda: dataset_texts(workspace, "none", split="test")) == "unknown_dataset"


NUMBERED = LabelledTexts(
    "similarity", [Text(text.body, str(round(3 + at % 5 * 0.2, 1))) for at, text in enumerate(LABELLED.texts)]
)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("numbers") / "b", scale=Scale(mean=3.0, deviation=1.5))


def test_a_model_of_numbers_is_judged_and_its_service_gives_the_same(numbers: Path, workspace: Workspace):
    bundle = open_judged(workspace, str(numbers))
    here = evaluate_numbers(bundle, NUMBERED, against=bundle)
    values = Predictor(bundle, RUNTIMES["onnx"](bundle)).values([text.body for text in NUMBERED.texts])
    truth = np.array([float(text.label or "") for text in NUMBERED.texts])
    assert here.metrics.mae.value == pytest.approx(np.abs(values - truth).mean())
    assert here.metrics.mean_mae == pytest.approx(np.abs(truth - 3.0).mean())
    assert "not distinguishable" in "\n".join(lines_of_numbers(here))
    with serving(numbers) as address:
        with answering(address, bundle) as service:
            there = evaluate_numbers(bundle, NUMBERED, service=service, against=bundle)
    there = msgspec.structs.replace(there, created=here.created)
    assert msgspec.json.encode(there) == msgspec.json.encode(here)


def test_names_are_no_numbers_and_classifiers_answer_with_none(numbers: Path, bundle: Bundle, workspace: Workspace):
    of_numbers = open_judged(workspace, str(numbers))
    assert code_of(lambda: evaluate_numbers(of_numbers, LABELLED)) == "no_numbers"
    assert code_of(lambda: evaluate_numbers(bundle, NUMBERED)) == "no_numbers"
    assert code_of(lambda: evaluate_numbers(of_numbers, NUMBERED, against=bundle)) == "other_labels"
    assert code_of(lambda: evaluate(bundle, LABELLED, workspace, against=of_numbers)) == "other_labels"
    assert code_of(lambda: evaluate_numbers(of_numbers, LabelledTexts("a", [Text("很好")]))) == "unlabelled"
    broken = [{"value": float("inf")}] * 64
    said = code_of(lambda: evaluate_numbers(of_numbers, NUMBERED, service=lambda texts: broken[: len(texts)]))
    assert said == "bad_predictions"


def test_a_file_with_a_number_that_is_none_is_judged_without_it(tmp_path: Path):
    path = tmp_path / "test.csv"
    path.write_text("text,label\n犬が走る,3.5\n猫が眠る,たぶん\n", encoding="utf-8")
    found = file_texts(path, SourceConfig(uri=str(path)), numbers=True)
    assert [text.label for text in found.texts] == ["3.5"]
    assert found.left_out == {"no_number": 1}
