from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from tests.corpus.test_readers import made, read

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.settings import DataConfig, SourceConfig
from wenlu.pipeline.stages.seq2seq.pairs import Halves, halves
from wenlu.storage.workspace import Workspace

MARKED = "古文：学而时习之\n现代文：学了又时常温习\n\n古文：温故而知新\n现代文：温习旧的知识\n"


def test_marked_lines_become_texts_of_two_parts(tmp_path: Path):
    path = made(tmp_path / "a.txt", MARKED.encode())
    texts, dropped = read(path, format="bitext", line_marks=["古文：", "现代文："], label="x")
    assert [text.body for text in texts] == ["学而时习之␞学了又时常温习", "温故而知新␞温习旧的知识"]
    assert [text.source.line for text in texts] == [1, 4]
    assert {text.label for text in texts} == {"x"}
    assert dropped == []


def test_without_marks_two_lines_are_a_text(tmp_path: Path):
    path = made(tmp_path / "a.txt", "けふは晴れ\n今日は晴れ\r\n\n  \nいふ\n言う\n".encode("shift_jis"))
    texts, dropped = read(path, encoding="cp932", format="bitext")
    assert [text.body for text in texts] == ["けふは晴れ␞今日は晴れ", "いふ␞言う"]
    assert dropped == []


def test_half_a_pair_is_refused_and_the_next_pair_is_read(tmp_path: Path):
    broken = "现代文：没有古文\n古文：没有现代文\n注：无\n" + MARKED + "古文：最后\n"
    texts, dropped = read(made(tmp_path / "a.txt", broken.encode()), format="bitext", line_marks=["古文：", "现代文："])
    assert len(texts) == 2
    assert [(one.reason, one.text.body) for one in dropped] == [
        ("no_pair", "现代文：没有古文"),
        ("no_pair", "没有现代文"),
        ("no_pair", "注：无"),
        ("no_pair", "最后"),
    ]
    doubled = read(made(tmp_path / "b.txt", ("古文：甲\n" + MARKED).encode()), format="bitext",
                   line_marks=["古文：", "现代文："])  # fmt: skip
    assert (len(doubled[0]), [one.reason for one in doubled[1]]) == (2, ["no_pair"])


def test_an_empty_half_or_one_with_the_mark_between_is_no_text(tmp_path: Path):
    lines = "古文：\n现代文：空\n古文：有␞号\n现代文：好\n"
    texts, dropped = read(made(tmp_path / "a.txt", lines.encode()), format="bitext", line_marks=["古文：", "现代文："])
    assert (texts, [one.reason for one in dropped]) == ([], ["no_text", "no_text"])


def test_a_line_that_can_not_be_decoded_costs_its_pair(tmp_path: Path):
    content = "甲\n".encode() + b"\xff\xff\n" + "乙\n丙\n丁\n".encode()
    texts, dropped = read(made(tmp_path / "a.txt", content), format="bitext")
    assert [text.body for text in texts] == ["甲␞乙", "丙␞丁"]
    assert [one.reason for one in dropped] == ["bad_encoding"]


def test_the_first_line_of_a_titled_file_is_its_target(tmp_path: Path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, content in {
            "news/1.txt": "http://example.com\n2012-01-01\n東京で火事\n昨夜、東京で\n火事があった。\n",
            "news/2.txt": "http://example.com\n2012-01-02\n題だけ\n",
        }.items():
            path = made(tmp_path / "member.txt", content.encode())
            archive.add(path, name)
    texts, dropped = read(tmp_path / "a.tar", format="titled", skip_lines=2)
    assert [(text.body, text.label) for text in texts] == [("昨夜、東京で\n火事があった。␞東京で火事", None)]
    assert [one.reason for one in dropped] == ["no_text"]


@pytest.mark.parametrize("marks", [["一"], ["一", "二", "三"], []])
def test_marks_are_two(marks: list[str]):
    with pytest.raises(WenluError, match="line_marks"):
        check(SourceConfig, {"uri": "a.txt", "line_marks": marks}, where="source")


def test_marks_that_are_not_set_change_no_version(tmp_path: Path):
    assert "line_marks" not in SourceConfig(uri="a.txt").model_dump(mode="json")
    assert SourceConfig(uri="a.txt", line_marks=["a", "b"]).model_dump(mode="json")["line_marks"] == ["a", "b"]


def test_a_dataset_of_pairs_is_read_by_halves(tmp_path: Path):
    path = made(tmp_path / "a.txt", MARKED.encode())
    config = DataConfig(
        name="pairs",
        sources=[SourceConfig(uri=str(path), format="bitext", line_marks=["古文：", "现代文："], split="train")],
    )
    dataset = import_dataset(config, Workspace(tmp_path), Silent())
    found = Halves.of(dataset)
    assert found.count("train") == 2 * dataset.count("train") == 4
    assert list(found.bodies("train")) == ["学而时习之", "学了又时常温习", "温故而知新", "温习旧的知识"]
    assert list(found.rows("train"))[1] == ("学了又时常温习", None)
    assert (found.reference, found.normalize_steps) == (dataset.reference, dataset.normalize_steps)


@pytest.mark.parametrize("body", ["没有另一半", "一␞二␞三"])
def test_what_is_no_pair_is_told_with_what_to_do(body: str):
    with pytest.raises(WenluError, match="is no pair") as caught:
        halves(body)
    assert "text_column: [source, target]" in caught.value.hint
