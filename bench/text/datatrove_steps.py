"""Read JSON lines, refuse short texts, drop copies, write what stays: beside datatrove, one process each.

    python bench/text/datatrove_steps.py --datatrove PYTHON FILE…        (one text a line)

PYTHON is that of an environment with `datatrove orjson regex tokenizers 'xxhash<4'`, which are no dependencies of ours.
Seconds are the processor's, so that other work beside matters little. Datatrove shingles single characters here, as we
do; its own cutting of Chinese, spaCy with jieba, would take it far longer. An import does more than these steps: it
splits, names a version and writes a report.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

SHORTEST, LENGTH, BUCKETS, ROWS = 5, 3, 14, 8
THRESHOLD = 0.75  # where so many buckets of so many rows find most of what there is
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datatrove", required=True, help="the Python of an environment that has it")
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "in" / "texts.jsonl"
        texts.parent.mkdir()
        texts.write_text("".join(lines(options.files)), encoding="utf-8")
        for copies in ("exact", "near"):
            rounds = [(child(sys.executable, "ours", copies, texts), child(options.datatrove, "theirs", copies, texts))
                      for _ in range(ROUNDS)]  # fmt: skip
            ours, theirs = min(rounds), min(theirs for _, theirs in rounds)
            print(
                f"{copies} copies: ours {told(ours[0])}; datatrove {told(theirs)}; {theirs[0] / ours[0][0]:.1f} times"
            )


def lines(files: list[Path]) -> Iterator[str]:
    numbers = count()
    for file in files:
        for line in file.read_text(encoding="utf-8").split("\n"):
            yield json.dumps({"id": str(next(numbers)), "text": line}, ensure_ascii=False) + "\n"


def child(python: str, side: str, copies: str, texts: Path) -> tuple[float, int]:
    """Seconds, and how many texts stayed."""
    done = subprocess.run([python, __file__, side, copies, str(texts)], check=True, capture_output=True, text=True)
    seconds, kept = done.stdout.split()[-2:]
    return float(seconds), int(kept)


def told(outcome: tuple[float, int]) -> str:
    return f"{outcome[0]:.2f} s, {outcome[1]:,} kept"


# Each side has an environment of its own, so each imports what it needs by itself.


def ours(copies: str, texts: Path) -> None:
    from wenlu.base.events import Silent
    from wenlu.base.spec import check
    from wenlu.corpus.importer import import_dataset
    from wenlu.corpus.settings import DataConfig
    from wenlu.storage.workspace import Workspace

    settings = {
        "name": "bench",
        "sources": [{"uri": str(texts), "format": "jsonl"}],
        "clean": {"normalize": [], "min_length": SHORTEST},
        "dedup": {"near": THRESHOLD if copies == "near" else None, "shingle": LENGTH},
    }
    with tempfile.TemporaryDirectory() as folder:
        used = time.process_time()
        version = import_dataset(check(DataConfig, settings, where="bench"), Workspace(Path(folder)), Silent())
        print(time.process_time() - used, version.manifest.counts.kept)


def theirs(copies: str, texts: Path) -> None:
    import gzip

    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import exact_dedup, minhash
    from datatrove.pipeline.filters import LambdaFilter
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Characters(WordTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return list(text)

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    def content(document: Any) -> str:
        return str(document.text)

    def read() -> list[Any]:
        return [JsonlReader(str(texts.parent)), LambdaFilter(lambda document: len(document.text) >= SHORTEST)]

    with tempfile.TemporaryDirectory() as folder:
        write = JsonlWriter(f"{folder}/kept", compression="gzip")
        if copies == "exact":
            config = exact_dedup.ExactDedupConfig(content_getter=content)
            steps = [
                [*read(), exact_dedup.ExactDedupSignature(f"{folder}/sigs", config)],
                [exact_dedup.ExactFindDedups(f"{folder}/sigs", f"{folder}/dups", config)],
                [*read(), exact_dedup.ExactDedupFilter(f"{folder}/dups", config), write],
            ]
        else:
            config = minhash.MinhashConfig(n_grams=LENGTH, num_buckets=BUCKETS, hashes_per_bucket=ROWS)
            steps = [
                [*read(), minhash.MinhashDedupSignature(f"{folder}/sigs", config, language=Characters())],
                [minhash.MinhashDedupBuckets(f"{folder}/sigs", f"{folder}/pairs", config=config)],
                [minhash.MinhashDedupCluster(f"{folder}/pairs", f"{folder}/dups", config=config)],
                [*read(), minhash.MinhashDedupFilter(f"{folder}/dups"), write],
            ]
        used = time.process_time()
        for number, step in enumerate(steps):
            buckets = BUCKETS if copies == "near" and number == 1 else 1
            LocalPipelineExecutor(step, tasks=buckets, workers=1, logging_dir=f"{folder}/log{number}").run()
        seconds = time.process_time() - used
        print(seconds, sum(gzip.decompress(file.read_bytes()).count(b"\n") for file in Path(folder, "kept").iterdir()))


if __name__ == "__main__":
    if sys.argv[1] in ("ours", "theirs"):
        {"ours": ours, "theirs": theirs}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
    else:
        main()
