from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.bundles import make_bundle
from tests.compression.conftest import means_of, the

from wenlu.base.errors import WenluError
from wenlu.bundle.manifest import MANIFEST, ONNX, WEIGHTS, Scale
from wenlu.bundle.predict import Predictor
from wenlu.bundle.seal import Bundle, open_bundle
from wenlu.compression.form import Forms
from wenlu.compression.measure import size_of
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.compress import read_chain
from wenlu.sdk.client import Client
from wenlu.serving.runtimes import RUNTIMES
from wenlu.serving.service import serving
from wenlu.storage.workspace import Workspace

Others = dict[str, Workspace]


def form(bundle: Bundle, chain: str, workspace: Workspace, work: Path) -> Bundle:
    return Forms(bundle, means_of(bundle, workspace, work)).make(read_chain(chain))


def answers(bundle: Bundle, texts: list[str]) -> np.ndarray:
    return Predictor(bundle, RUNTIMES["onnx"](bundle)).probabilities(texts)


def test_texts(workspace: Workspace) -> list[str]:
    return list(DatasetVersion.open(workspace, "tiny").bodies("test"))


test_texts.__test__ = False


@pytest.mark.parametrize("chain", ["int8", "int8_dynamic", "fp16"])
def test_a_quantised_lstm_is_smaller_answers_alike_and_names_its_parent(
    chain: str, workspace: Workspace, tmp_path: Path
):
    parent = the("lstm", workspace)
    made = form(parent, chain, workspace, tmp_path)
    texts = test_texts(workspace)
    assert np.abs(answers(made, texts) - answers(parent, texts)).max() < 0.05
    assert (made.folder / ONNX).stat().st_size < (parent.folder / ONNX).stat().st_size * 0.9
    assert not (made.folder / WEIGHTS).exists()
    assert made.manifest.lineage.parents == [parent.title]
    assert made.manifest.lineage.compression == [chain]
    assert made.manifest.lineage.dataset == parent.manifest.lineage.dataset
    assert made.manifest.version != parent.manifest.version


@pytest.mark.parametrize("chain", ["int8", "int8_dynamic"])
def test_what_else_is_asked_does_not_change_an_answer_of_an_int8_lstm(chain: str, workspace: Workspace, tmp_path: Path):
    made = form(the("lstm", workspace), chain, workspace, tmp_path)
    texts = [*test_texts(workspace), "好", "とても良い" * 6]
    alone = np.concatenate([answers(made, [text]) for text in texts])
    np.testing.assert_allclose(answers(made, texts), alone, atol=1e-6)


def test_a_service_opens_with_an_int8_form_and_answers_as_recorded(workspace: Workspace, tmp_path: Path):
    made = form(the("lstm", workspace), "int8", workspace, tmp_path)
    texts = ["很好吃，满意", "とても悪い"]
    with serving(made.folder) as address, Client(address) as client:
        said = [answer.score for answer in client.predict(texts)]
    np.testing.assert_allclose(said, answers(made, texts).max(1), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["encoder", "linear", "textcnn"])
@pytest.mark.parametrize("chain", ["int8", "fp16"])
def test_other_architectures_in_fewer_bits_answer_alike(architecture: str, chain: str, others: Others, tmp_path: Path):
    parent = the(architecture, others[architecture])
    made = form(parent, chain, others[architecture], tmp_path)
    texts = test_texts(others[architecture])
    assert (answers(made, texts).argmax(1) == answers(parent, texts).argmax(1)).mean() > 0.95
    assert size_of(made) < size_of(parent)
    alone = np.concatenate([answers(made, [text]) for text in texts[:10]])
    np.testing.assert_allclose(answers(made, texts)[:10], alone, atol=1e-3)


@pytest.mark.slow
def test_a_form_whose_answers_depend_on_what_else_is_asked_is_refused(others: Others, tmp_path: Path):
    with pytest.raises(WenluError, match="what else is asked") as refused:
        form(the("encoder", others["encoder"]), "int8_dynamic", others["encoder"], tmp_path)
    assert refused.value.code == "unsteady"


def test_without_rare_pieces_a_text_that_has_none_is_answered_exactly_as_before(workspace: Workspace, tmp_path: Path):
    parent = the("lstm", workspace)
    made = form(parent, "vocabulary,min_count=3", workspace, tmp_path)
    assert made.manifest.vocabulary_size < parent.manifest.vocabulary_size
    assert size_of(made) < size_of(parent)
    assert made.manifest.parameters < parent.manifest.parameters
    texts = ["很好吃，满意", "とても良い，また買います", "太难吃"]
    unknown = made.pipeline.tokenizer.unk_id
    assert not any(unknown in row for row in made.pipeline.encode(texts))
    for runtime in ("torch", "onnx"):
        before, now = (Predictor(one, RUNTIMES[runtime](one)).probabilities(texts) for one in (parent, made))
        np.testing.assert_array_equal(now, before)
    whole, pruned = (one.pipeline.tokenizer.vocabulary for one in (parent, made))
    rare = next(piece for piece in whole.pieces[2:] if piece not in pruned)
    assert made.pipeline.encode([f"满意{rare}"])[0][-1] == unknown
    assert parent.pipeline.encode([f"满意{rare}"])[0][-1] != unknown


def test_a_vocabulary_that_is_used_wholly_is_not_pruned(workspace: Workspace, tmp_path: Path):
    with pytest.raises(WenluError, match="min_count") as refused:
        form(the("lstm", workspace), "vocabulary", workspace, tmp_path)
    assert refused.value.code == "nothing_to_prune"


@pytest.mark.parametrize(
    ("architecture", "chain", "code"),
    [
        ("bag", "vocabulary,min_count=3", "no_pruning"),
        ("bag", "prune", "no_pruning"),
        ("lstm", "int8+fp16", "no_weights"),
        ("lstm", "int8+vocabulary,min_count=3", "no_weights"),
        ("lstm", "int8+prune", "no_weights"),
        ("lstm", "vocabulary,dataset=none", "unknown_dataset"),
    ],
)
def test_what_can_not_be_done_is_a_sentence(
    architecture: str, chain: str, code: str, workspace: Workspace, tmp_path: Path
):
    with pytest.raises(WenluError) as refused:
        form(the(architecture, workspace), chain, workspace, tmp_path)
    assert refused.value.code == code
    assert refused.value.hint


def test_pruned_units_are_gone_and_the_rest_has_learned_again(workspace: Workspace, tmp_path: Path):
    parent = the("lstm", workspace)
    made = form(parent, "prune,vectors=0.5,epochs=4,learning_rate=0.01", workspace, tmp_path)
    config = made.manifest.architecture.config
    assert (config["hidden"], config["embedding"]) == (16, 8)
    assert made.manifest.parameters < parent.manifest.parameters * 0.6
    dataset = DatasetVersion.open(workspace, "tiny")
    right = [
        made.manifest.labels[row.argmax()] == label
        for row, (_, label) in zip(answers(made, test_texts(workspace)), dataset.rows("test"), strict=True)
    ]
    assert np.mean(right) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "chain"),
    [
        ("encoder", "prune,layers=1,epochs=2"),
        ("linear", "prune,epochs=0"),
        ("textcnn", "prune,vectors=0.5,epochs=2"),
    ],
)
def test_other_architectures_lose_half_and_keep_their_wits(
    architecture: str, chain: str, others: Others, tmp_path: Path
):
    parent = the(architecture, others[architecture])
    made = form(parent, chain, others[architecture], tmp_path)
    texts = test_texts(others[architecture])
    assert made.manifest.parameters < parent.manifest.parameters
    assert (answers(made, texts).argmax(1) == answers(parent, texts).argmax(1)).mean() > 0.9


def test_a_model_of_numbers_is_quantised_in_its_own_unit(workspace: Workspace, tmp_path: Path):
    parent = open_bundle(make_bundle(tmp_path / "numbers", scale=Scale(mean=900.0, deviation=300.0)))
    means = means_of(the("lstm", workspace), workspace, tmp_path / "work")
    made = Forms(parent, means).make(read_chain("int8"))
    texts = ["很好吃，满意", "とても悪い"]
    before, now = (Predictor(one, RUNTIMES["onnx"](one)).values(texts) for one in (parent, made))
    np.testing.assert_allclose(now, before, atol=3.0)
    assert made.manifest.tolerance == pytest.approx(0.3)


def test_a_truncated_bundle_and_one_of_a_newer_format_are_refused_before_anything(workspace: Workspace, tmp_path: Path):
    whole = the("lstm", workspace).folder
    cut, newer = tmp_path / "cut", tmp_path / "newer"
    for folder in (cut, newer):
        shutil.copytree(whole, folder)
    (cut / ONNX).write_bytes((cut / ONNX).read_bytes()[:-100])
    manifest = (newer / MANIFEST).read_text(encoding="utf-8")
    (newer / MANIFEST).write_text(manifest.replace('"format": 1', '"format": 2').replace('"format":1', '"format":2'))
    for folder, code in ((cut, "changed_bundle"), (newer, "newer_bundle")):
        with pytest.raises(WenluError) as refused:
            open_bundle(folder)
        assert refused.value.code == code
