from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wenlu.base.errors import WenluError
from wenlu.base.records import Dropped, Text
from wenlu.corpus import opening
from wenlu.corpus.reading import Reading
from wenlu.corpus.settings import SourceConfig


def read(path: Path, encoding: str = "utf-8", **settings: object) -> tuple[list[Text], list[Dropped]]:
    source = SourceConfig(uri=str(path), encoding=encoding, **settings)  # type: ignore[arg-type]
    found = list(Reading(path, source))
    return [one for one in found if isinstance(one, Text)], [one for one in found if isinstance(one, Dropped)]


def made(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_line_is_a_text_that_knows_where_it_stood(tmp_path: Path):
    texts, dropped = read(made(tmp_path / "a.txt", "\ufeff好评\r\n悪い\u2028まだ\n".encode()), label="x")
    assert [text.body for text in texts] == ["好评", "悪い\u2028まだ"]
    assert [(text.source.line, text.source.byte_offset) for text in texts] == [(1, 0), (2, 11)]
    assert {text.label for text in texts} == {"x"}
    assert dropped == []


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress), (".zst", zstd), (".GZ", gzip.compress)],
)
def test_a_compressed_file_is_read_as_it_is(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]):
    path = made(tmp_path / f"a.txt{suffix}", pack("好\n评\n".encode()))
    assert [text.body for text in read(path)[0]] == ["好", "评"]
    cut = made(tmp_path / f"cut.txt{suffix}", path.read_bytes()[:-6])
    with pytest.raises(WenluError, match="cut off or damaged"):
        read(cut)


def test_a_broken_line_is_refused_with_its_number_and_never_replaced(tmp_path: Path):
    texts, dropped = read(made(tmp_path / "a.txt", "好\n".encode() + b"\xff\xfe\n" + "评\n".encode()))
    assert [text.body for text in texts] == ["好", "评"]
    assert [(one.reason, one.text.source.line) for one in dropped] == [("bad_encoding", 2)]


def test_one_enormous_line_is_passed_over_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(opening, "LONGEST_LINE", 100)
    monkeypatch.setattr(opening, "_CHUNK", 64)
    texts, dropped = read(made(tmp_path / "a.txt", b"x" * 1000 + b"\nafter\n" + b"y" * 300))
    assert [(text.body, text.source.byte_offset) for text in texts] == [("after", 1001)]
    assert [one.reason for one in dropped] == ["line_too_long"] * 2


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv", "a.jsonl"])
def test_an_empty_file_holds_no_texts(tmp_path: Path, name: str):
    settings = {"text_column": 0} if name[2:] in ("csv", "tsv") else {}
    assert read(made(tmp_path / name, b""), **settings) == ([], [])


def test_nul_bytes_are_no_trouble(tmp_path: Path):
    assert [text.body for text in read(made(tmp_path / "a.txt", b"a\0b\n"))[0]] == ["a\0b"]


def test_a_table_is_read_by_column_names(tmp_path: Path):
    table = '\ufeffcat,label,review\n书,1,"好,""很""好\n真的"\n酒,0,差\n坏了\n茶,,无\n'
    texts, dropped = read(made(tmp_path / "a.csv", table.encode()), text_column="review", label_column="label")
    assert [(text.body, text.label) for text in texts] == [('好,"很"好\n真的', "1"), ("差", "0")]
    assert [one.reason for one in dropped] == ["bad_row", "no_label"]


def test_a_table_without_names_is_read_by_number(tmp_path: Path):
    texts, _ = read(made(tmp_path / "a.tsv", '他说"好\t3\n标题\t4\n'.encode()), text_column=0, label_column=1)
    assert [(text.body, text.label) for text in texts] == [('他说"好', "3"), ("标题", "4")]


@pytest.mark.parametrize(
    ("header", "said"), [("reviwe,label", "Did you mean 'reviwe'"), ("review,review", "twice"), ("", "not at all")]
)
def test_a_column_that_is_not_there_once_is_a_sentence(tmp_path: Path, header: str, said: str):
    with pytest.raises(WenluError) as caught:
        read(made(tmp_path / "a.csv", f"{header}\nx,y\n".encode()), text_column="review")
    assert said in caught.value.message


def test_json_lines_are_read_by_field(tmp_path: Path):
    good, bad = '{"text": "好\\u2028评", "label": 1}\n\n', '{"text": 3}\n{"text": "x", "label": null}\n{"a"\n"s"\n'
    rows = good + bad + '{"text": "\\ud800"}\n'
    texts, dropped = read(made(tmp_path / "a.jsonl", rows.encode()), label_column="label")
    assert [(text.body, text.label) for text in texts] == [("好\u2028评", "1")]
    assert [one.reason for one in dropped] == ["no_text", "no_label", "bad_json", "bad_json", "bad_json"]


def test_a_folder_is_a_label(tmp_path: Path):
    for name, content in {
        "体育/1.txt": "赛\n果",
        "体育/LICENSE": "x",
        "スポーツ/1.txt": "URL\n試合",
        "top.txt": "x",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    texts, dropped = read(tmp_path, encoding="auto", include="*.txt")
    assert sorted((text.label, text.body) for text in texts) == [("スポーツ", "URL\n試合"), ("体育", "赛\n果")]
    assert [one.reason for one in dropped] == ["no_label"]
    assert [text.body for text in read(tmp_path, encoding="auto", include="ス*", skip_lines=1)[0]] == ["試合"]


def test_the_folders_of_a_tree_may_mean_nothing(tmp_path: Path):
    (tmp_path / "2024").mkdir()
    made(tmp_path / "2024" / "1.txt", "今日は晴れ".encode())
    assert [text.label for text in read(tmp_path, encoding="auto", label_from="none")[0]] == [None]


def test_the_files_of_a_tree_may_each_have_an_encoding_of_their_own(tmp_path: Path):
    (tmp_path / "a").mkdir()
    made(tmp_path / "a" / "1.txt", "吾輩は猫である。名前はまだ無い。".encode("cp932"))
    made(tmp_path / "a" / "2.txt", "这家店的服务很好，下次还会再来。".encode("gb18030"))
    assert [text.body[:3] for text in read(tmp_path, encoding="auto")[0]] == ["吾輩は", "这家店"]


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w:xz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.xz", "a.tgz", "a.zip"])
def test_an_archive_is_read_like_a_folder(tmp_path: Path, name: str):
    path = tmp_path / name
    if name.endswith("zip"):
        zip_of(path, {"体育/1.txt": "赛果".encode()})
    else:
        tar_of(path, (tarfile.TarInfo("体育/1.txt"), "赛果".encode()))
    assert [(text.label, text.body) for text in read(path, encoding="auto")[0]] == [("体育", "赛果")]


def linked(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("a/link")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    "member",
    [tarfile.TarInfo("../x"), tarfile.TarInfo("/etc/x"), tarfile.TarInfo("a/../../x"), tarfile.TarInfo("C:/x"),
     linked(tarfile.SYMTYPE), linked(tarfile.LNKTYPE), linked(tarfile.CHRTYPE), linked(tarfile.FIFOTYPE)],
    ids=lambda info: f"{info.name} {info.type!r}",
)  # fmt: skip
def test_a_tar_that_leads_outside_is_refused(tmp_path: Path, member: tarfile.TarInfo):
    with pytest.raises(WenluError) as caught:
        read(tar_of(tmp_path / "a.tar.gz", (member, b"")), encoding="utf-8")
    assert caught.value.code == "unsafe_archive"


@pytest.mark.parametrize("name", ["../x.txt", "/x.txt", "a/../../x", "a\\..\\..\\x"])
def test_a_zip_that_leads_outside_is_refused(tmp_path: Path, name: str):
    with pytest.raises(WenluError, match="leads outside"):
        read(zip_of(tmp_path / "a.zip", {name: b"x"}), encoding="utf-8")


def test_a_symlink_in_a_zip_is_refused(tmp_path: Path):
    info = zipfile.ZipInfo("a/link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(WenluError, match="link"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("name", ["bomb.txt.gz", "bomb.txt.zst", "bomb.tar.gz", "bomb.zip"])
def test_a_file_that_grows_a_thousandfold_is_refused(tmp_path: Path, name: str):
    zeros, path = bytes(80 << 20), tmp_path / name
    if name == "bomb.zip":
        zip_of(path, {"a/0": zeros})
    elif name == "bomb.tar.gz":
        tar_of(path, (tarfile.TarInfo("a/0"), zeros))
    else:
        made(path, (zstd if name.endswith("zst") else gzip.compress)(zeros))
    with pytest.raises(WenluError) as caught:
        read(path)
    assert caught.value.code == "bomb"


def test_a_damaged_zip_is_a_sentence(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a/1": b"x" * 1000, "a/2": bytes(range(256)) * 40})
    content = bytearray(path.read_bytes())
    content[40] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(WenluError):
        read(path)


@pytest.mark.parametrize("name", ["a.doc", "a", "a.txt.zip.exe"])
def test_a_name_that_tells_no_format_is_asked_about(tmp_path: Path, name: str):
    with pytest.raises(WenluError, match="does not tell its format"):
        read(made(tmp_path / name, b"x"))


def test_a_sparse_file_in_a_tar_is_refused_before_it_is_read(tmp_path: Path):
    """20 kB that say they are a gigabyte of zeros: the bytes of the archive never grow, so no ratio sees it."""
    block = tarfile.TarInfo("a/0.txt")
    block.type, block.size = tarfile.REGTYPE, 0
    block.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(60 << 20), "GNU.sparse.name": "a/0.txt"}
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(block)
    with pytest.raises(WenluError) as caught:
        read(tmp_path / "a.tar")
    assert caught.value.code == "unsafe_archive"


def test_a_tar_with_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.corpus.members._MOST_MEMBERS", 3)
    members = [(tarfile.TarInfo(f"a/{number}.txt"), "好评".encode()) for number in range(4)]
    with pytest.raises(WenluError, match="more than 3 files"):
        read(tar_of(tmp_path / "a.tar.gz", *members))


def test_a_file_too_large_to_be_one_text_is_refused_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("wenlu.corpus.readers.tree._LARGEST", 100)
    members = [(tarfile.TarInfo("a/0.txt"), b"x" * 101), (tarfile.TarInfo("a/1.txt"), "好评".encode())]
    texts, dropped = read(tar_of(tmp_path / "a.tar.gz", *members))
    assert ([text.body for text in texts], [one.reason for one in dropped]) == (["好评"], ["file_too_large"])


def test_a_name_in_an_unknown_encoding_is_refused_and_shown(tmp_path: Path):
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT, encoding="gbk") as archive:
        info = tarfile.TarInfo("体育/1.txt")
        info.size = 6
        archive.addfile(info, io.BytesIO("赛果".encode()))
    texts, dropped = read(tmp_path / "a.tar")
    assert texts == []
    assert [one.reason for one in dropped] == ["bad_name"]
    assert dropped[0].text.source.file.isprintable()


def test_the_notes_that_a_system_leaves_in_an_archive_are_no_texts(tmp_path: Path):
    members = {
        "./体育/1.txt": "赛果".encode(),
        "__MACOSX/体育/._1.txt": b"\0\x05\x16\x07",
        "体育/.DS_Store": b"\0\0\0\1",
    }
    texts, dropped = read(zip_of(tmp_path / "a.zip", members), encoding="auto")
    assert [(text.label, text.source.file) for text in texts] == [("体育", "体育/1.txt")]
    assert dropped == []


@pytest.mark.parametrize("place", range(30, 400, 30))
def test_a_zip_with_one_wrong_byte_is_read_or_a_sentence(tmp_path: Path, place: int):
    path = zip_of(tmp_path / "a.zip", {f"a/{number}": bytes(range(256)) * number for number in range(1, 6)})
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 0xFF
    path.write_bytes(content)
    with contextlib.suppress(WenluError):  # any other exception fails the test
        read(path, encoding="latin1")


def test_a_tree_without_folders_is_texts_without_labels(tmp_path: Path):
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"吾輩は猫である。名前はまだ無い。{number}", encoding="utf-8")
    texts, dropped = read(tmp_path, encoding="auto")
    assert [text.label for text in texts] == [None] * 3
    assert dropped == []


def test_a_file_too_short_to_tell_its_encoding_is_in_that_of_the_tree(tmp_path: Path):
    (tmp_path / "好").mkdir()
    for number, body in enumerate(["魑魅魍魉", "这家店的服务很好，下次还会再来。", "房间很干净，早餐也可以"]):
        made(tmp_path / "好" / f"{number}.txt", body.encode("gbk"))
    assert [text.body[:4] for text in read(tmp_path, encoding="auto")[0]] == ["魑魅魍魉", "这家店的", "房间很干"]


def test_a_short_file_in_a_folder_of_several_encodings_is_named_with_its_candidates(tmp_path: Path):
    for name, encoding in {"a.txt": "utf-8", "b.txt": "gbk", "c.txt": "big5"}.items():
        made(tmp_path / name, ("魑魅魍魉這家店的服務很好，下次還會再來。" * 20).encode(encoding, "ignore"))
    made(tmp_path / "short.txt", "好".encode("gbk"))
    with pytest.raises(WenluError, match=r"short\.txt in .* is not clear \(gb18030: 好"):
        read(tmp_path, encoding="auto")


def test_a_long_file_of_another_encoding_is_asked_about_whatever_the_tree_is_in(tmp_path: Path):
    (tmp_path / "a").mkdir()
    made(tmp_path / "a" / "1.txt", "这家店的服务很好，下次还会再来。".encode("gbk") * 50)
    made(tmp_path / "a" / "2.txt", "이 식당의 음식은 정말 맛있었습니다.".encode("euc_kr") * 20)
    with pytest.raises(WenluError, match=r"a/2\.txt in .* is not clear"):
        read(tmp_path, encoding="auto")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "folder"])
def test_tables_inside_a_folder_or_an_archive_are_read_as_tables(tmp_path: Path, name: str):
    parts = {"train.csv": "review,label\n很好,1\n很差,0\n", "dev.csv": "review,label\n還行,1\n"}
    if name == "a.zip":
        zip_of(tmp_path / name, {key: value.encode() for key, value in parts.items()})
    elif name == "a.tar.gz":
        tar_of(tmp_path / name, *((tarfile.TarInfo(key), value.encode()) for key, value in parts.items()))
    else:
        (tmp_path / name).mkdir()
        for key, value in parts.items():
            made(tmp_path / name / key, value.encode())
    texts, dropped = read(
        tmp_path / name, encoding="auto", text_column="review", label_column="label", split_from="prefix"
    )
    found = {(text.body, text.label, text.split, text.source.file) for text in texts}
    assert found == {
        ("很好", "1", "train", "train.csv"), ("很差", "0", "train", "train.csv"), ("還行", "1", "validation", "dev.csv")
    }  # fmt: skip
    assert dropped == []


def test_compressed_files_of_a_folder_are_read_and_those_inside_an_archive_are_not(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    made(tmp_path / "folder" / "a.jsonl.gz", gzip.compress('{"text": "とても良い"}\n'.encode()))
    assert [text.body for text in read(tmp_path / "folder")[0]] == ["とても良い"]
    inner = zip_of(tmp_path / "inner.zip", {"x.txt": b"x"}).read_bytes()
    path = zip_of(tmp_path / "a.zip", {"好/inner.zip": inner, "好/a.txt.gz": gzip.compress(b"x"), "好/b.txt": b"ok"})
    texts, dropped = read(path)
    assert [text.body for text in texts] == ["ok"]
    assert [one.reason for one in dropped] == ["nested_archive"] * 2


def test_the_first_folder_may_be_the_split_and_the_next_the_label(tmp_path: Path):
    members = {"train/好/1.txt": "很好", "test/坏/1.txt": "很差", "other/坏/2.txt": "一般", "train/2.txt": "无"}
    path = zip_of(tmp_path / "a.zip", {key: value.encode() for key, value in members.items()})
    texts, dropped = read(path, split_from="folder")
    assert [(text.split, text.label, text.body) for text in texts] == [("train", "好", "很好"), ("test", "坏", "很差")]
    assert sorted(one.reason for one in dropped) == ["no_label", "no_split"]


@pytest.mark.parametrize(("label_from", "labels"), [("prefix", {"pos", "体育"}), ("stem", {"pos_1", "体育2"})])
def test_the_beginning_of_a_name_or_all_of_it_may_be_the_label(tmp_path: Path, label_from: str, labels: set[str]):
    path = zip_of(tmp_path / "a.zip", {"pos_1.txt": b"good", "体育2.txt": "赛果".encode()})
    assert {text.label for text in read(path, label_from=label_from)[0]} == labels


def test_a_folder_of_text_files_may_be_read_line_by_line(tmp_path: Path):
    (tmp_path / "好").mkdir()
    made(tmp_path / "好" / "1.txt", "很好\n不错\n".encode("gbk"))
    texts, _ = read(tmp_path, encoding="gbk", format="lines", label_from="folder")
    assert [(text.body, text.label) for text in texts] == [("很好", "好"), ("不错", "好")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("before", ["[", '{"meta": {"tags": ["x", "y"], "n": [1]}, "data": ['])
def test_json_is_read_by_the_first_list_of_objects_in_it(tmp_path: Path, encoding: str, before: str):
    rows = ['{"text": "吾輩は猫", "info": {"class": "小説"}}', '{"text": ["一行", "二行"], "info": {"class": 3}}',
            '{"text": 7, "info": {"class": "x"}}', '{"text": "札", "info": []}']  # fmt: skip
    content = before + ", ".join(rows) + ("]" if before == "[" else "]}")
    path = made(tmp_path / "a.json", content.encode(encoding))
    texts, dropped = read(path, encoding="cp932" if encoding == "cp932" else "utf-8", label_column="info.class")
    assert [(text.body, text.label, text.source.line) for text in texts] == [
        ("吾輩は猫", "小説", 1),
        ("一行\n二行", "3", 2),
    ]
    assert [one.reason for one in dropped] == ["no_text", "no_label"]


@pytest.mark.parametrize(
    "content", [b"[{", b'[{"text": "x"}, {"text": ', b"nonsense", b'[{"text": "\xff"}]', b"[" * 100_000]
)
def test_json_that_is_none_is_a_sentence(tmp_path: Path, content: bytes):
    with pytest.raises(WenluError) as caught:
        read(made(tmp_path / "a.json", content))
    assert caught.value.code == "broken_json"


def test_parquet_is_read_by_column(tmp_path: Path):
    table = pa.table({"review": ["很好", None, "とても良い"], "label": [1, 0, None], "user": ["a", "b", "c"]})
    pq.write_table(table, tmp_path / "a.parquet")
    settings = {"text_column": "review", "label_column": "label", "group_column": "user"}
    texts, dropped = read(tmp_path / "a.parquet", encoding="auto", **settings)
    assert [(text.body, text.label, text.group, text.source.line) for text in texts] == [("很好", "1", "a", 1)]
    assert [one.reason for one in dropped] == ["no_text", "no_label"]
    with pytest.raises(WenluError, match="Did you mean 'review'"):
        read(tmp_path / "a.parquet", text_column="reveiw")
    made(tmp_path / "b.parquet", (tmp_path / "a.parquet").read_bytes()[:-9])
    with pytest.raises(WenluError, match="as Parquet"):
        read(tmp_path / "b.parquet")


def test_of_a_parquet_file_of_one_row_group_only_a_part_is_held(tmp_path: Path):
    bodies = [f"{number}".zfill(2_000) for number in range(20_000)]
    options = {"row_group_size": 1_000_000, "compression": "none", "use_dictionary": False}
    pq.write_table(pa.table({"review": bodies}), tmp_path / "a.parquet", **options)
    texts = iter(Reading(tmp_path / "a.parquet", SourceConfig(uri="a.parquet", text_column="review")))
    before, held = pa.total_allocated_bytes(), []
    for text in texts:
        assert isinstance(text, Text)
        held.append(pa.total_allocated_bytes() - before)
    assert len(held) == 20_000
    assert max(held) < 12_000_000  # of 40


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.parquet"])
def test_a_column_number_where_columns_have_names_is_a_sentence(tmp_path: Path, name: str):
    with pytest.raises(WenluError, match="column number"):
        read(made(tmp_path / name, b"[]"), text_column=0)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("asked", ["auto", "as it is"])
def test_every_reader_of_text_reads_utf_16(tmp_path: Path, encoding: str, asked: str):
    body = "吾輩は猫である。名前はまだ無い。どこで生れたか見当がつかぬ"
    files = {
        "a.txt": f"{body}\r\n{body}上\n",
        "a.csv": f"text,label\n{body},x\n",
        "a.tsv": f"text\tlabel\n{body}\tx\n",
        "a.jsonl": json.dumps({"text": body}, ensure_ascii=False),
        "a.json": json.dumps([{"text": body}], ensure_ascii=False),
    }
    for name, content in files.items():
        path = made(tmp_path / name, content.encode(encoding))
        texts, dropped = read(path, encoding="auto" if asked == "auto" else encoding)
        assert texts[0].body == body
        assert dropped == []
    whole, _ = read(tmp_path, encoding="auto" if asked == "auto" else encoding, include="a.txt", format="tree")
    assert whole[0].body == files["a.txt"]


def test_a_broken_line_of_utf_16_is_refused_with_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(opening, "_CHUNK", 7)
    content = "好評\n".encode("utf-16-le") + b"\x00\xd8\n\x00" + "上\u0a00\n良い".encode("utf-16-le")
    texts, dropped = read(made(tmp_path / "a.txt", content), encoding="utf-16-le")
    assert [(text.body, text.source.line, text.source.byte_offset) for text in texts] == [
        ("好評", 1, 0), ("上\u0a00", 3, 10), ("良い", 4, 16)
    ]  # fmt: skip
    assert [(one.reason, one.text.source.line) for one in dropped] == [("bad_encoding", 2)]


def test_a_folder_of_several_kinds_of_files_is_asked_about(tmp_path: Path):
    made(tmp_path / "README.txt", b"about")
    made(tmp_path / "train.csv", "text\n好\n".encode())
    with pytest.raises(WenluError, match="several kinds: csv, tree"):
        read(tmp_path)
    assert [text.body for text in read(tmp_path, include="*.csv")[0]] == ["好"]


@pytest.mark.parametrize(("name", "said"), [("a.xlsx", "does not tell its format"), ("a.zip", "cut off or damaged")])
def test_a_zip_is_an_archive_by_its_name_alone(tmp_path: Path, name: str, said: str):
    path = zip_of(tmp_path / name, {"xl/sheet.xml": b"<x/>"})
    made(path, path.read_bytes()[: None if name == "a.xlsx" else -30])
    with pytest.raises(WenluError, match=said):
        read(path)


@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet"])
def test_fields_with_usual_names_need_not_be_asked_for(tmp_path: Path, suffix: str):
    records = [{"id": "1", "内容": "很好吃", "类别": "好"}, {"id": "2", "内容": "很难吃", "类别": None}]
    path = tmp_path / f"a.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    else:
        made(path, "\n".join(map(json.dumps, records)).encode() if suffix == "jsonl" else json.dumps(records).encode())
    assert [(text.body, text.label) for text in read(path, encoding="auto")[0]] == [("很好吃", "好"), ("很难吃", None)]
    assert [text.label for text in read(path, encoding="auto", label_from="none")[0]] == [None, None]
