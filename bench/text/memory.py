"""Memory of an import by the size of its input: `python bench/text/memory.py 100 2000` (megabytes of made-up text).

One in twenty texts is a copy and one in twenty nearly one; near copies are looked for. Peak resident memory is that of
the importing process and of its largest worker, each import in a process of its own.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from wenlu.base.events import Silent
from wenlu.base.spec import check
from wenlu.corpus.importer import import_dataset
from wenlu.corpus.settings import DataConfig
from wenlu.storage.workspace import Workspace


def write_texts(path: Path, megabytes: int) -> None:
    chance = random.Random(1)
    words = [chr(0x4E00 + place % 8000) + chr(0x4E00 + place * 7 % 6000) for place in range(20_000)]
    before = "开始"
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            kind = chance.random()
            if kind >= 0.1:
                before = "".join(chance.choices(words, k=chance.randrange(8, 30)))
            elif kind >= 0.05:
                before = before[:-1] + chance.choice("改变了")
            file.write(before + "\n")


def import_file(path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = check(DataConfig, {"name": "bench", "sources": [{"uri": path, "format": "lines"}]}, where="bench")
        started = time.perf_counter()
        manifest = import_dataset(config, Workspace(Path(folder)), Silent()).manifest
        seconds = time.perf_counter() - started
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"{manifest.counts.read:,} texts, {seconds:.1f} s, {own:,.0f} MiB here, {workers:,.0f} MiB in a worker")


def main(sizes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / "texts.txt"
            write_texts(path, int(size))
            print(f"{size} MB: ", end="", flush=True)
            subprocess.run([sys.executable, __file__, "--import", str(path)], check=True)


if __name__ == "__main__":
    import_file(sys.argv[2]) if sys.argv[1] == "--import" else main(sys.argv[1:])
