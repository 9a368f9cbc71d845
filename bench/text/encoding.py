"""Windows of real texts in each encoding: told right, asked about, or silently wrong; and megabytes a second.

    WENLU_DATA=FOLDER python bench/text/encoding.py [WINDOWS]

The texts are none of those that the doctor's tables were counted over. Windows (default 150 of each size) begin and end
between characters. `charset-normalizer` stands beside it where it is installed.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import opencc

from wenlu.base.errors import WenluError
from wenlu.corpus.encoding import detect, examine

SIZES = (4, 8, 20, 50, 100, 300, 1000)
CASES = {
    "simplified, gb18030": ("hans", "gb18030"),
    "traditional, gb18030": ("hant", "gb18030"),
    "traditional, big5": ("hant", "cp950"),
    "simplified, utf-8": ("hans", "utf-8"),
    "simplified, utf-16": ("hans", "utf-16-le"),
    "japanese, cp932": ("ja", "cp932"),
    "japanese, euc-jp": ("ja", "euc_jp"),
    "japanese, iso-2022-jp": ("ja", "iso2022_jp"),
    "japanese, utf-8": ("ja", "utf-8"),
    "japanese, utf-16": ("ja", "utf-16-be"),
    "japanese in gb18030": ("ja", "gb18030"),
}
SPEED = 20_000_000
_SHORTER = 8  # bytes: a character, and the escapes of ISO-2022-JP


def main() -> None:
    if "WENLU_DATA" not in os.environ:
        sys.exit("Set WENLU_DATA to the folder of the data sets.")
    windows = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    texts = read(Path(os.environ["WENLU_DATA"]))
    print("| right / asked / silently wrong |", " | ".join(f"{size} bytes" for size in SIZES), "|")
    print("|---" * (len(SIZES) + 1) + "|")
    for name, (language, encoding) in CASES.items():
        cells = [told(texts[language], encoding, size, windows) for size in SIZES]
        print(f"| {name} |", " | ".join(cells), "|", flush=True)
    for name, (language, encoding) in CASES.items():
        content = (" ".join(texts[language]).replace("。", "。\n") * 9)[:SPEED].encode(encoding, "ignore")[:SPEED]
        blocks = [content[start : start + (1 << 20)] for start in range(0, len(content), 1 << 20)]
        started = time.perf_counter()
        examine(lambda blocks=blocks: blocks)
        print(f"{name}: {len(content) / (time.perf_counter() - started) / 1e6:.0f} MB/s", flush=True)


def told(texts: Sequence[str], encoding: str, size: int, windows: int) -> str:
    chance, found, theirs = random.Random(size), Counter(), Counter()
    for _ in range(windows):
        content = window(texts, encoding, size, chance)
        found[judged(content, encoding, ours(content))] += 1
        if (other := charset_normalizer(content)) is not None:
            theirs[judged(content, encoding, other)] += 1
    beside = f" ({theirs['right'] * 100 // windows} %)" if theirs else ""
    return f"{found['right'] * 100 // windows} % / {found['asked'] * 100 // windows} % / {found['wrong']}{beside}"


def window(texts: Sequence[str], encoding: str, size: int, chance: random.Random) -> bytes:
    """About `size` bytes of some text, with something beyond ASCII in them; at its end there may be fewer, which is
    another size."""
    while True:
        text = chance.choice(texts)
        start = chance.randrange(len(text))
        taken = text[start : start + size]
        while len(content := taken.encode(encoding, "ignore")) > size and len(taken) > 1:
            taken = taken[:-1]
        if len(content) >= size - _SHORTER and (b"\x1b" in content or not content.isascii()):
            return content


def judged(content: bytes, encoding: str, told: str) -> str:
    if not told:
        return "asked"
    return "right" if content.decode(told, "replace") == content.decode(encoding) else "wrong"


def ours(content: bytes) -> str:
    try:
        return detect(lambda: [content], name="window")
    except WenluError:
        return ""


def charset_normalizer(content: bytes) -> str | None:
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return None
    best = from_bytes(content).best()
    return best.encoding if best else ""


def read(data: Path) -> dict[str, list[str]]:
    novels = zipfile.ZipFile(data / "aozora/works-shift-jis.zip")
    works = random.Random(1).sample([name for name in novels.namelist() if name.endswith(".txt")], 150)
    with tarfile.open(data / "luxun-zh/works.tar.xz") as archive:
        files = (archive.extractfile(member) for member in archive if member.isfile())
        luxun = "\n".join(file.read().decode("utf-8", "ignore") for file in files if file)
    titles, reviews = (
        gzip.decompress((data / name).read_bytes()).decode().replace("\t", " ")
        for name in ("thucnews-titles/dev.txt.gz", "waimai-10k/dev.csv.gz")
    )
    poems = zipfile.ZipFile(data / "chinese-poetry/poet.tang.zip")
    lists = [name for name in poems.namelist() if name.endswith("json")][:5]
    lines = [line for name in lists for poem in json.loads(poems.read(name)) for line in poem["paragraphs"]]
    convert = opencc.OpenCC("s2t").convert
    hans = [luxun, titles, reviews]
    return {
        "hans": hans,
        "hant": [*(convert(text[:200_000]) for text in hans), "\n".join(lines)],
        "ja": [novels.read(name).decode("cp932", "ignore") for name in works],
    }


if __name__ == "__main__":
    main()
