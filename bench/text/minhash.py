"""Texts to the bands that near copies share, beside datasketch: `python bench/text/minhash.py FILE…` (one text a line).

Both hash the same character shingles with as many permutations, and lay the same bands into an index; seconds are the
processor's. `datasketch` is no dependency: install it in an environment of its own.
"""

from __future__ import annotations

import sys
import time
from itertools import chain, islice
from pathlib import Path

from datasketch import MinHash, MinHashLSH

from wenlu.corpus.dedup.near import Bands
from wenlu.corpus.dedup.shingles import shingle_set, shingled

THRESHOLD, LENGTH = 0.8, 3
TEXTS = 20_000


def main(files: list[str]) -> None:
    lines = chain.from_iterable(Path(file).read_text(encoding="utf-8").split("\n") for file in files)
    texts = list(islice(filter(None, lines), TEXTS))
    bands = Bands.at(THRESHOLD)

    started = time.process_time()
    for start in range(0, len(texts), 2_000):
        bands.hashes(shingled(texts[start : start + 2_000], length=LENGTH))
    ours = time.process_time() - started

    started = time.process_time()
    index = MinHashLSH(num_perm=bands.number * bands.rows, params=(bands.number, bands.rows))
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=bands.number * bands.rows)
        sketch.update_batch([shingle.encode() for shingle in shingle_set(text, length=LENGTH)])
        index.insert(number, sketch)
    theirs = time.process_time() - started
    print(f"{len(texts):,} texts: datasketch {theirs:.2f} s, ours {ours:.2f} s, {theirs / ours:.1f} times")


if __name__ == "__main__":
    main(sys.argv[1:])
