"""Every text of the development data, encoded by us and by transformers from our export."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from wenlu.base.spec import check
from wenlu.text.export import export_huggingface
from wenlu.text.pipeline import PipelineConfig, TextPipeline

_LEARNED = 5_000
_TOGETHER = 2_000


def data() -> Path:
    if "WENLU_DATA" not in os.environ:
        pytest.skip("WENLU_DATA is not set: the shared data sets are not here")
    return Path(os.environ["WENLU_DATA"])


def chinese(folder: Path) -> Iterator[str]:
    for name in ("thucnews-titles/dev.txt.gz", "tnews/dev.tsv.gz"):
        for line in unpacked(folder / name):
            yield line.rpartition("\t")[0]
    for name in ("online-shopping-7-cats/dev.csv.gz", "waimai-10k/dev.csv.gz"):
        yield from (row[-1] for row in csv.reader(unpacked(folder / name)))


def japanese(folder: Path) -> Iterator[str]:
    with tarfile.open(folder / "livedoor-news/dev.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                content = archive.extractfile(member)
                assert content is not None
                yield from content.read().decode().split("\n")
    for name in ("jcommonsenseqa-valid-v1.3", "jsts-valid-v1.3"):
        for line in unpacked(folder / f"jglue/{name}.jsonl.gz"):
            record = json.loads(line)
            yield record.get("question") or record["sentence1"]


def unpacked(path: Path) -> io.StringIO:
    return io.StringIO(gzip.decompress(path.read_bytes()).decode())


@pytest.mark.slow
@pytest.mark.parametrize("texts", [chinese, japanese])
@pytest.mark.parametrize("name", ["bpe", "unigram", "char"])
def test_transformers_gives_the_ids_of_every_text_of_the_development_data(name: str, texts: object, tmp_path: Path):
    transformers = pytest.importorskip("transformers")
    folder = data()
    read = chinese if texts is chinese else japanese
    config = check(PipelineConfig, {"tokenizer": {"name": name, "max_size": 6_000}, "normalize": ["lower"],
                                    "max_length": 65_536}, where="test")  # fmt: skip
    ours = TextPipeline.train(islice(read(folder), _LEARNED), config, clean=["nfkc", "spaces"])
    export_huggingface(ours, tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path, model_max_length=1_000_000)
    every = [text for text in read(folder) if ours.normalized(text)]
    for start in range(0, len(every), _TOGETHER):
        part = every[start : start + _TOGETHER]
        assert theirs(part)["input_ids"] == ours.encode(part)
    assert len(every) > 15_000
