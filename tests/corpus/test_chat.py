from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.corpus.test_readers import made, read

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.diff import differ
from wenlu.corpus.export import export_dataset
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.samples import read_samples
from wenlu.corpus.settings import DataConfig
from wenlu.corpus.version import DatasetVersion
from wenlu.storage.workspace import Workspace

FORMS: dict[str, dict[str, Any]] = {
    "openai": {
        "messages": [
            {"role": "system", "content": "你是助手。"},
            {"role": "user", "content": [{"type": "text", "text": "你好"}]},
            {"role": "assistant", "content": "こんにちは"},
        ]
    },
    "sharegpt": {
        "system": "你是助手。",
        "conversations": [{"from": "human", "value": "你好"}, {"from": "gpt", "value": "こんにちは"}],
    },
    "alpaca": {"instruction": "你好", "input": "", "output": "こんにちは", "system": "你是助手。"},
}


def lines(*objects: object) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects).encode()


@pytest.mark.parametrize("form", FORMS)
def test_each_usual_form_is_the_same_conversation(tmp_path: Path, form: str):
    texts, dropped = read(made(tmp_path / "a.jsonl", lines(FORMS[form])), format="chat")
    assert [text.body for text in texts] == ["␁你是助手。␅你好␆こんにちは"]
    assert dropped == []


def test_instructions_have_inputs_and_histories(tmp_path: Path):
    one = {"instruction": "翻译", "input": "猫", "output": "ねこ", "history": [["在吗", "在"]]}
    assert read(made(tmp_path / "a.jsonl", lines(one)), format="chat")[0][0].body == "␅在吗␆在␅翻译\n猫␆ねこ"


def test_who_speaks_first_asks(tmp_path: Path):
    dialog = {"utterances": [{"name": "花子", "text": "元気？"}, {"name": "太郎", "text": "はい"}]}
    daily = {"utterances": [{"speaker": "A", "utterance": "元気？"}, {"speaker": "B", "utterance": "はい"}]}
    texts, _ = read(made(tmp_path / "a.jsonl", lines(dialog, daily)), format="chat")
    assert [text.body for text in texts] == ["␅元気？␆はい"] * 2


def test_lists_and_lines_are_told_apart_in_archives_and_in_any_encoding(tmp_path: Path):
    listed = json.dumps(list(FORMS.values()), ensure_ascii=False, indent=1)
    inside = json.dumps({"version": 1, "data": list(FORMS.values())}, ensure_ascii=False)
    body = "␁你是助手。␅你好␆こんにちは"
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("list.json", listed)
        archive.writestr("lines.json", lines(*FORMS.values()))
    (tmp_path / "list.json").write_text(listed, encoding="gb18030")
    (tmp_path / "inside.json").write_text(inside, encoding="utf-8-sig")
    (tmp_path / "wide.jsonl").write_text(lines(*FORMS.values()).decode(), encoding="utf-16")
    (tmp_path / "lines.json.gz").write_bytes(gzip.compress(lines(*FORMS.values())))
    for name, encoding, number in (
        ("all.zip", "utf-8", 6), ("list.json", "gb18030", 3), ("inside.json", "utf-8", 3), ("wide.jsonl", "utf-16", 3),
        ("lines.json.gz", "auto", 3),
    ):  # fmt: skip
        texts, dropped = read(tmp_path / name, encoding, format="chat")
        assert [text.body for text in texts] == [body] * number, name
        assert dropped == []


def test_a_file_larger_than_one_look_is_read_whole(tmp_path: Path):
    long = {"instruction": "长" * 40_000, "output": "好"}
    for content in (lines(long, long), json.dumps([long, long], ensure_ascii=False).encode()):
        texts, _ = read(made(tmp_path / "a.json", content), format="chat")
        assert [len(text.body) for text in texts] == [40_003] * 2


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        ({"text": "你好"}, "no_conversation"),
        ({"messages": ["你好"]}, "no_conversation"),
        ({"messages": [{"role": "user", "content": 7}]}, "no_conversation"),
        ({"instruction": "x", "output": "y", "history": ["z"]}, "no_conversation"),
        ({"messages": [{"role": "tool", "content": "你好"}]}, "unknown_role"),
        ({"messages": [{"role": "user", "content": None}]}, "empty_content"),
        ({"messages": []}, "no_answer"),
        ({"utterances": [{"name": name, "text": "x"} for name in "abc"]}, "unknown_role"),
        ({"utterances": [{"name": "a", "text": "x"}, {"name": "a", "text": "y"}]}, "no_answer"),
        ({"instruction": "好", "output": " "}, "empty_content"),
        ({"instruction": "好␆假", "output": "真"}, "reserved_mark"),
        ({"conversations": [{"from": "gpt", "value": "你好"}]}, "no_question"),
    ],
)
def test_what_can_not_be_learned_from_is_refused_with_its_line(tmp_path: Path, one: object, reason: str):
    texts, dropped = read(made(tmp_path / "a.jsonl", lines(FORMS["alpaca"], one)), format="chat")
    assert len(texts) == 1
    assert [(one.reason, one.text.source.line) for one in dropped] == [(reason, 2)]


def test_broken_lines_are_counted_and_columns_mean_nothing(tmp_path: Path):
    path = made(tmp_path / "a.jsonl", lines(FORMS["alpaca"]) + b'{"messages": [\n')
    texts, dropped = read(path, format="chat")
    assert (len(texts), [one.reason for one in dropped]) == (1, ["bad_json"])
    with pytest.raises(WenluError, match="no text_column"):
        read(path, format="chat", text_column="messages")


def imported(folder: Path, name: str, *objects: object, **clean: object) -> DatasetVersion:
    path = made(folder / f"{name}.jsonl", lines(*objects))
    settings = {
        "name": "talks",
        "sources": [{"uri": str(path), "format": "chat"}],
        "clean": clean,
        "dedup": {"near": 0.8},
    }
    return import_dataset(check(DataConfig, settings, where="test"), Workspace(folder / "root"), Silent())


def asked(number: int, answer: str = "回答") -> dict[str, object]:
    return {
        "instruction": f"第{number}个问题是什么{number * 7919}",
        "output": f"{answer}{number * 104729}：ＡＢＣ\n第二行",
    }


def bodies(version: DatasetVersion) -> list[str]:
    return [body for split in ("train", "validation", "test") for body in version.bodies(split)]


def test_steps_change_what_is_said_and_never_who_says_it(tmp_path: Path):
    version = imported(tmp_path, "a", *map(asked, range(20)), normalize=["nfkc", "spaces"])
    assert version.chat
    assert len(bodies(version)) == 20
    assert "␅第3个问题是什么23757␆回答314187:ABC 第二行" in bodies(version)


def test_what_a_step_leaves_empty_or_turns_into_a_mark_is_refused(tmp_path: Path):
    empty = {"instruction": "<p></p>", "output": "好的"}
    forged = {"instruction": "问&#x2406;假的回答", "output": "真的"}
    version = imported(tmp_path, "a", *map(asked, range(20)), empty, forged, normalize=["html"])
    assert dict(version.manifest.counts.dropped) == {"empty_content": 1, "reserved_mark": 1}
    assert {one.reason: one.line for one in read_samples(version.folder)} == {"empty_content": 21, "reserved_mark": 22}


def test_copies_are_told_by_what_was_said(tmp_path: Path):
    near = asked(3)
    near["output"] = str(near["output"]) + "！"
    version = imported(tmp_path, "a", *map(asked, range(20)), asked(5), near, normalize=[])
    assert sum(version.manifest.counts.dropped.values()) == 2
    assert version.report_path.exists()


def test_versions_are_compared_and_written_as_messages_that_are_read_again(tmp_path: Path):
    old = imported(tmp_path, "a", *map(asked, range(20)), normalize=[])
    new = imported(tmp_path, "b", *map(asked, range(19)), asked(40), normalize=[])
    assert differ(old, new).counts["added"] + 2 * differ(old, new).counts["edited"] >= 1
    export_dataset(new, tmp_path / "out.jsonl")
    first = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n")[0])
    assert [message["role"] for message in first["messages"]] == ["user", "assistant"]
    texts, _ = read(tmp_path / "out.jsonl", format="chat")
    assert [text.body for text in texts] == bodies(new)


def test_conversations_and_other_texts_are_no_one_dataset():
    sources = [{"uri": "a.jsonl", "format": "chat"}, {"uri": "b.txt"}]
    with pytest.raises(WenluError, match="can't be sources of one dataset"):
        check(DataConfig, {"name": "x", "sources": sources}, where="test")


def test_the_head_that_was_looked_at_is_not_lost_in_a_stream_that_can_not_go_back(tmp_path: Path):
    import tarfile

    content = lines(*map(asked, range(3)))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    assert len(read(tmp_path / "a.tar", format="chat")[0]) == 3
