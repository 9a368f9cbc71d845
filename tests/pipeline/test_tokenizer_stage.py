from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.corpus.test_importer import imported, sentences, written

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.recipe import TextConfig
from wenlu.pipeline.stages.tokenizer import ENCODED, tokenizer_stage
from wenlu.pipeline.tokenizers import open_tokenizer, train_tokenizer
from wenlu.storage.workspace import Workspace
from wenlu.text.pipeline import TextPipeline
from wenlu.training.encoded import EncodedTexts

SETTINGS = {"tokenizer": {"name": "word", "segmenter": "rjieba", "min_count": 1}, "max_length": 20}


@pytest.fixture
def dataset(tmp_path: Path) -> DatasetVersion:
    rows = [f"{body}\t{'好' if number % 3 else '坏'}" for number, body in enumerate(sentences(300))]
    source = {"uri": str(written(tmp_path / "a.tsv", rows)), "text_column": 0, "label_column": 1}
    return imported(tmp_path, source)


def made(dataset: DatasetVersion, folder: Path, **text: object) -> tuple[dict[str, object], Path]:
    stage = tokenizer_stage("x", check(TextConfig, text, where="test"), dataset, Workspace(dataset.folder.parents[2]))
    folder.mkdir()
    return stage.make(folder, folder, Silent()), folder


def test_ids_are_those_of_the_saved_pipeline_with_the_numbers_of_labels(dataset: DatasetVersion, tmp_path: Path):
    result, folder = made(dataset, tmp_path / "stage", **SETTINGS)
    pipeline = TextPipeline.load(folder / "text")
    assert result["digest"] == pipeline.digest()
    for split in ENCODED:
        texts = list(dataset.texts(split))
        encoded = EncodedTexts.open(folder / split)
        expected = pipeline.encode([text.body for text in texts])
        assert [encoded.row(number).tolist() for number in range(len(encoded))] == expected
        assert [dataset.labels[number] for number in encoded.truth.tolist()] == [text.label for text in texts]


def test_of_texts_with_numbers_the_numbers_are_written(tmp_path: Path):
    rows = [f"{body}\t{number / 8}" for number, body in enumerate(sentences(100))]
    source = {"uri": str(written(tmp_path / "a.tsv", rows)), "text_column": 0, "label_column": 1}
    dataset = imported(tmp_path, source, target="number")
    _, folder = made(dataset, tmp_path / "stage", **SETTINGS)
    for split in ENCODED:
        encoded = EncodedTexts.open(folder / split)
        assert encoded.truth.dtype == np.float32
        assert encoded.truth.tolist() == [float(label or "") for _, label in dataset.rows(split)]


def test_on_all_processors_it_is_the_same(dataset: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    alone, one = made(dataset, tmp_path / "alone", **SETTINGS)
    monkeypatch.setattr("wenlu.text.cutting._TOGETHER", 20)
    monkeypatch.setattr("wenlu.base.crew.ALONE", 0.0)
    monkeypatch.setattr("wenlu.base.crew.processors", lambda: 2)
    together, other = made(dataset, tmp_path / "together", **SETTINGS)
    assert together == alone
    for split in ENCODED:
        first, second = EncodedTexts.open(one / split), EncodedTexts.open(other / split)
        assert np.array_equal(first.ids, second.ids)
        assert np.array_equal(first.ends, second.ends)
        assert np.array_equal(first.truth, second.truth)


def test_a_saved_tokenizer_is_taken_as_it_is(dataset: DatasetVersion, tmp_path: Path):
    workspace = Workspace(dataset.folder.parents[2])
    config = check(TextConfig, {"tokenizer": {"name": "bpe", "max_size": 500}}, where="test").to_learn
    saved = train_tokenizer("mine", config, dataset, workspace, Silent())
    _, folder = made(dataset, tmp_path / "stage", saved="mine", max_length=7)
    pipeline = TextPipeline.load(folder / "text")
    text = next(dataset.bodies("train"))
    assert pipeline.tokenizer.encode(text) == open_tokenizer(workspace, saved.reference).tokenizer.encode(text)
    assert pipeline.config.max_length == 7
    assert max(EncodedTexts.open(folder / "train").lengths) == 7


def test_a_saved_tokenizer_of_texts_cleaned_otherwise_is_refused(dataset: DatasetVersion, tmp_path: Path):
    workspace = Workspace(dataset.folder.parents[2])
    source = {"uri": str(tmp_path / "a.tsv"), "text_column": 0, "label_column": 1}
    other = imported(tmp_path, source, name="other", clean={"normalize": ["spaces"]})
    train_tokenizer("theirs", check(TextConfig, {}, where="test").to_learn, other, workspace, Silent())
    with pytest.raises(WenluError) as caught:
        made(dataset, tmp_path / "stage", saved="theirs")
    assert caught.value.code == "other_cleaning"
    with pytest.raises(WenluError, match="no tokenizer or model 'their'"):
        made(dataset, tmp_path / "stage", saved="their")
