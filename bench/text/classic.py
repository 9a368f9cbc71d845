"""The classic way: jieba, Counter and loops, as tutorials have it, each text cut once."""

from __future__ import annotations

import json
import re
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path

import jieba

SPACES = re.compile(r"\s+")


def main(files: list[str]) -> None:
    jieba.initialize()
    started, used = time.perf_counter(), time.process_time()
    seen: set[str] = set()
    texts = []
    for file in files:
        for line in Path(file).read_text(encoding="utf-8").split("\n"):
            text = SPACES.sub(" ", unicodedata.normalize("NFKC", line)).strip().lower()
            if len(text) >= 2 and text not in seen:
                seen.add(text)
                texts.append(text)
    words = [jieba.lcut(text) for text in texts]
    counts: Counter[str] = Counter()
    for row in words:
        counts.update(row)
    pieces = [word for word, count in counts.most_common(50_000) if count >= 2]
    ids = {word: number for number, word in enumerate(pieces, 2)}
    rows = [[ids.get(word, 1) for word in row] for row in words]
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    print(json.dumps({"seconds": seconds, "processor": processor, "texts": len(rows), "ids": sum(map(len, rows))}))


if __name__ == "__main__":
    main(sys.argv[1:])
