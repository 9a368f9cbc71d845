from __future__ import annotations

import json
from pathlib import Path

import pytest

from wenlu.base.errors import WenluError
from wenlu.base.spec import check
from wenlu.bundle.manifest import Architecture, Description
from wenlu.bundle.parity import Golden, differences, explain, golden_bytes, read_golden, tolerance_for
from wenlu.bundle.seal import open_bundle, seal
from wenlu.bundle.shelf import find_model, list_models, make_current
from wenlu.storage.workspace import Workspace
from wenlu.text.pipeline import PipelineConfig, TextPipeline

TEXTS = ["质量很好", "とても悪い"]


def description(**changes: object) -> Description:
    fields: dict[str, object] = {
        "name": "tiny",
        "created": "2026-01-01T00:00:00+00:00",
        "task": "classify",
        "architecture": Architecture(name="bag", config={}),
        "labels": ["negative", "positive"],
        "vocabulary_size": 10,
        "max_length": 8,
        "parameters": 1,
        "pipeline_digest": "0",
    }
    return Description(**fields | changes)  # type: ignore[arg-type]


def made(folder: Path, **changes: object) -> Path:
    """A sealed folder with a text pipeline and two files that nobody reads."""
    config = check(PipelineConfig, {"tokenizer": {"name": "char", "min_count": 1}}, where="test")
    (folder / "text").mkdir(parents=True)
    pipeline = TextPipeline.train(TEXTS, config, clean=["nfkc"])
    pipeline.save(folder / "text")
    (folder / "weights.safetensors").write_bytes(b"weights")
    rows = [Golden(text, ids, "positive", {"negative": 0.25, "positive": 0.75})
            for text, ids in zip(TEXTS, pipeline.encode(TEXTS), strict=True)]  # fmt: skip
    (folder / "golden.jsonl").write_bytes(golden_bytes(rows))
    (folder / "report.html").write_text("<p>好</p>", encoding="utf-8")
    seal(folder, description(**changes))
    return folder


def test_a_sealed_folder_opens(tmp_path: Path):
    bundle = open_bundle(made(tmp_path / "b"))
    assert bundle.title == f"tiny@{bundle.manifest.version}"
    assert bundle.pipeline.encode(["质"]) != [[1]]


@pytest.mark.parametrize("name", ["weights.safetensors", "golden.jsonl", "report.html", "text/vocabulary.json"])
def test_a_changed_byte_is_refused_and_named(tmp_path: Path, name: str):
    folder = made(tmp_path / "b")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(WenluError, match=f"{name} differs"):
        open_bundle(folder)


def test_a_missing_an_added_and_a_linked_file_are_refused(tmp_path: Path):
    folder = made(tmp_path / "b")
    moved = (folder / "weights.safetensors").rename(tmp_path / "moved")
    (folder / "extra").write_text("x")
    with pytest.raises(WenluError, match=r"weights\.safetensors is missing; extra is not in the manifest"):
        open_bundle(folder)
    (folder / "extra").unlink()
    (folder / "weights.safetensors").symlink_to(moved)
    with pytest.raises(WenluError, match=r"weights\.safetensors differs"):
        open_bundle(folder)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "changed_bundle"), (b"[1]", "changed_bundle"), (b'{"format": 2}', "newer_bundle"), (b"{}", "bad_settings")],
)
def test_a_manifest_that_is_cut_changed_or_of_the_future_is_refused(tmp_path: Path, content: bytes, code: str):
    folder = made(tmp_path / "b")
    (folder / "bundle.json").write_bytes(content)
    with pytest.raises(WenluError) as caught:
        open_bundle(folder)
    assert caught.value.code == code


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path):
    with pytest.raises(WenluError, match="is not a bundle"):
        open_bundle(tmp_path)


def test_the_version_depends_on_what_it_answers_and_on_nothing_else(tmp_path: Path):
    def version(number: int, **changes: object) -> str:
        return open_bundle(made(tmp_path / str(number), **changes)).manifest.version

    same = {version(1), version(2, created="2027-01-01T00:00:00+00:00", metrics={"accuracy": 0.5})}
    assert len(same) == 1
    assert version(3, labels=["positive", "negative"]) not in same
    (tmp_path / "2" / "report.html").write_text("another report")
    assert seal(tmp_path / "2", description()).version in same
    (tmp_path / "2" / "weights.safetensors").write_bytes(b"other")
    assert seal(tmp_path / "2", description()).version not in same


def test_recorded_answers_are_compared_within_the_tolerance(tmp_path: Path):
    rows = read_golden(open_bundle(made(tmp_path / "b")))
    near = [{"negative": 0.25 + 9e-6, "positive": 0.75 - 9e-6}] * 2
    far = [{"negative": 0.25, "positive": 0.75}, {"negative": 0.2, "positive": 0.8}]
    strange = [{"negative": float("nan"), "positive": 0.75}, {"positive": 0.75}]
    assert differences(rows, near, tolerance=1e-5) == []
    assert len(differences(rows, far, tolerance=1e-5)) == 1
    assert "とても悪い" in differences(rows, far, tolerance=1e-5)[0]
    assert len(differences(rows, strange, tolerance=1e-5)) == 2


def test_the_tolerance_leaves_room_for_rounding_and_for_nothing_else():
    rows = [Golden("好", [2], "a", {"a": 0.5, "b": 0.5})]

    def tolerance(gap: float) -> float:
        return tolerance_for(rows, [{"a": 0.5 + gap, "b": 0.5 - gap}])

    assert tolerance(1e-7) == 1e-5
    assert tolerance(1.3e-5) == pytest.approx(5.2e-5)
    for gap in (3e-5, 0.1, float("nan")):
        with pytest.raises(WenluError, match="differs from the trained one"):
            tolerance(gap)


def test_the_text_pipeline_is_blamed_only_if_its_ids_differ(tmp_path: Path):
    bundle = open_bundle(made(tmp_path / "b"))
    rows = read_golden(bundle)
    assert "gives the recorded ids" in explain(bundle, rows)
    other = [Golden(row.text, [1, 1, 1], row.label, row.scores) for row in rows]
    assert "other ids for 2 of 2" in explain(bundle, other)


def test_a_bundle_without_recorded_answers_proves_nothing(tmp_path: Path):
    folder = made(tmp_path / "b")
    (folder / "golden.jsonl").unlink()
    seal(folder, description())
    with pytest.raises(WenluError, match="no recorded answers"):
        read_golden(open_bundle(folder))


def test_a_model_is_found_by_name_by_version_and_by_folder(tmp_path: Path):
    workspace = Workspace(tmp_path)
    first = seal(made(workspace.models / "tiny" / "v1"), description(created="2026-01-01")).version
    make_current(workspace, "tiny", "v1")
    made(workspace.models / "tiny" / "v2", labels=["a", "b"])
    assert find_model(workspace, "tiny") == workspace.models / "tiny" / "v1"
    assert find_model(workspace, "tiny@v2") == workspace.models / "tiny" / "v2"
    assert find_model(workspace, str(workspace.models / "tiny" / "v2")).name == "v2"
    assert len(list(list_models(workspace))) == 2
    assert first


@pytest.mark.parametrize("reference", ["tinny", "tiny@nothing", "some/folder"])
def test_an_unknown_model_is_a_sentence(tmp_path: Path, reference: str):
    workspace = Workspace(tmp_path)
    made(workspace.models / "tiny" / "v1")
    make_current(workspace, "tiny", "v1")
    with pytest.raises(WenluError) as caught:
        find_model(workspace, reference)
    assert caught.value.code == "unknown_model"


@pytest.mark.parametrize("reference", ["..", "tiny@..", "tiny@．．", "TINY", "tiny\0"])
def test_a_model_name_never_leaves_its_folder(tmp_path: Path, reference: str):
    with pytest.raises(WenluError):
        find_model(Workspace(tmp_path), reference)


def test_the_manifest_is_json_with_every_digest(tmp_path: Path):
    manifest = json.loads((made(tmp_path / "b") / "bundle.json").read_text())
    assert set(manifest["files"]) == {
        "weights.safetensors", "golden.jsonl", "report.html", "text/vocabulary.json", "text/pipeline.json",
    }  # fmt: skip
    assert all(len(record["sha256"]) == 64 for record in manifest["files"].values())


def test_a_bundle_without_temperature_is_written_and_named_as_it_was_before_there_was_one(tmp_path: Path):
    plain = made(tmp_path / "plain")
    written = json.loads((plain / "bundle.json").read_text(encoding="utf-8"))
    assert not {"temperature", "abstain"} & written.keys()
    manifest = open_bundle(plain).manifest
    assert (manifest.temperature, manifest.abstain) == (1.0, None)
    assert manifest.version == open_bundle(made(tmp_path / "same", temperature=1.0)).manifest.version


def test_temperature_and_threshold_are_part_of_what_a_bundle_answers(tmp_path: Path):
    changes: list[dict[str, object]] = [{}, {"temperature": 1.5}, {"abstain": 0.6}, {"temperature": 2.0}]
    versions = [
        open_bundle(made(tmp_path / str(number), **change)).manifest.version for number, change in enumerate(changes)
    ]
    assert len(set(versions)) == 4


@pytest.mark.parametrize("change", [{"temperature": 0.0}, {"temperature": float("nan")}, {"abstain": 1.0}])
def test_a_temperature_or_threshold_that_makes_no_sense_is_refused(change: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(change))):
        description(**change)
