from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Text
from wenlu.corpus.readers.opened import Opened
from wenlu.corpus.readers.table import read_csv, read_tsv
from wenlu.corpus.settings import SourceConfig


def rows(path: Path, content: str | bytes, **settings: object) -> list[Text | Dropped]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = SourceConfig(uri=str(path), **settings)  # type: ignore[arg-type]
    read = read_tsv if path.suffix == ".tsv" else read_csv
    with path.open("rb") as file:
        return list(read(Opened(file, path.name, "utf-8", source.label), source))


def said(found: list[Text | Dropped]) -> list[tuple[str, int]]:
    """The body of a text or the reason of a refusal, and the line where it stood."""
    return [
        (one.reason, one.text.source.line) if isinstance(one, Dropped) else (one.body, one.source.line) for one in found
    ]


def test_a_quote_that_nobody_closes_costs_one_line_not_the_rest_of_the_file(tmp_path: Path):
    table = 'text,label\n"好,1\n差,0\n' + "还行,1\n" * 1000
    found = rows(tmp_path / "a.csv", table, text_column="text", label_column="label")
    assert said(found)[:3] == [("bad_row", 2), ("差", 3), ("还行", 4)]
    assert len(found) == 1002


def test_a_row_of_several_lines_stands_where_it_begins(tmp_path: Path):
    found = rows(tmp_path / "a.csv", 'text,label\n"好\n很\n好",1\n差,0\n', text_column="text")
    assert said(found) == [("好\n很\n好", 2), ("差", 5)]


def test_a_quoted_text_is_never_put_together_around_a_broken_line(tmp_path: Path):
    table = 'text,label\n"好\n'.encode() + b"\xff\xfe\n" + '很",1\n差,0\n'.encode()
    found = said(rows(tmp_path / "a.csv", table, text_column="text"))
    assert ("bad_row", 2) in found
    assert ("bad_encoding", 3) in found
    assert ("差", 5) in found
    assert "好\n很" not in [body for body, _ in found]


def test_a_tab_too_many_is_a_bad_row_even_without_a_header(tmp_path: Path):
    found = rows(tmp_path / "a.tsv", "标题\t3\n标\t题\t4\n只有标题\n", text_column=0, label_column=1)
    assert said(found) == [("标题", 1), ("bad_row", 2), ("bad_row", 3)]


def test_the_header_is_read_if_any_column_is_asked_for_by_name(tmp_path: Path):
    found = rows(tmp_path / "a.csv", "a,label\n好的,1\n", text_column=0, label_column="label")
    assert [(text.body, text.label) for text in found if isinstance(text, Text)] == [("好的", "1")]


def test_a_column_number_beyond_the_row_is_a_sentence(tmp_path: Path):
    with pytest.raises(WenluError, match="no column 5: the first row has 2"):
        rows(tmp_path / "a.csv", "好的,1\n", text_column=5)


@given(table=st.lists(st.sampled_from(['"', ",", "好", "a", "\n", '""', ',"', '",']), max_size=60).map("".join))
def test_whatever_the_quotes_every_line_is_a_text_or_refused_and_reading_ends(
    tmp_path_factory: pytest.TempPathFactory, table: str
):
    path = tmp_path_factory.mktemp("table") / "a.csv"
    found = rows(path, f"x\n{table}", text_column="x")
    starts = [line for _, line in said(found)]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize(
    ("header", "body", "label"),
    [("id,评论,标签", "b", "c"), ("本文,ラベル,x", "a", "b"), ("text,content,label", "a", "c"),
     ("title,Review,y", "b", None), ("text,label,category", "a", "b"), ("text,category,class", "a", None)],
)  # fmt: skip
def test_columns_with_usual_names_need_not_be_asked_for(tmp_path: Path, header: str, body: str, label: str | None):
    [text] = rows(tmp_path / "a.csv", f"{header}\na,b,c\n")
    assert isinstance(text, Text)
    assert (text.body, text.label) == (body, label)


def test_a_usual_label_gives_way_to_what_was_said_and_may_be_missing(tmp_path: Path):
    table = "text,label\n很好,\n很差,坏\n"
    assert [text.label for text in rows(tmp_path / "a.csv", table) if isinstance(text, Text)] == [None, "坏"]
    for said in ({"label": "x"}, {"label_from": "none"}):
        assert {text.label for text in rows(tmp_path / "a.csv", table, **said) if isinstance(text, Text)} == {
            said.get("label")
        }
    assert [type(row) for row in rows(tmp_path / "a.csv", table, label_column="label")] == [Dropped, Text]


@pytest.mark.parametrize("header", ["id,label", "content,review,label"])
def test_where_no_single_column_has_a_usual_name_it_is_asked_for(tmp_path: Path, header: str):
    with pytest.raises(WenluError, match="'text' stands there not at all"):
        rows(tmp_path / "a.csv", f"{header}\na,b,c\n")
