"""Texts to ids, beside `tokenizers`: megabytes (UTF-8) a second, and whether the ids are the same.

    python bench/text/encoding_ids.py --data ${WENLU_DATA}

Each row trains on the training texts, then encodes texts that the encoders have not met: caches are warm, answers
are not remembered. One and two threads are one and two processors of a child process, so that both sides have the
same. `training` is beside the trainers of `tokenizers` and of `sentencepiece` on the same texts and of the same size.

What else was weighed (2026-11, from PyPI, the same texts): tokie 0.1.4 gave other ids for one text in seven, since it
leaves the cuts of a file aside; splintr 0.22 gave other ids for one Japanese article in five of a byte-level file (and
the same for unigram, where it is used); kitoken 0.11 gave the same ids at two to three times the speed of `tokenizers`
and doesn't read our unigram file; gigatoken 0.10 reads byte-level files whose cuts it knows by their wording, and no
unigram.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO, TextIOWrapper
from pathlib import Path

from wenlu.base.component import component
from wenlu.text.subwords import RUN, SubwordTokenizer, parsed
from wenlu.text.tokenizers import TOKENIZERS

ROWS = ("bpe", "unigram")
SIZE = 32_000
ROUNDS = 4  # the first warms up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("WENLU_DATA"))
    parser.add_argument("--part", choices=["encoding", "training", "memory"], default="encoding")
    parser.add_argument("--megabytes", type=int, default=100, help="of made-up text, for --part memory")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part != "memory" and not (options.data and options.data.is_dir()):
        sys.exit("No data: give --data or set WENLU_DATA to the folder of texts.")
    if options.child:
        encode_in_child(options.data, name=options.child[0], folder=Path(options.child[1]))
    else:
        {"encoding": encoding, "training": training, "memory": memory}[options.part](options)


def encoding(options: argparse.Namespace) -> None:
    print(f"{'row':8} {'texts':8} {'threads':>7} {'tokenizers':>11} {'ours':>8} {'ratio':>6}  ids equal")
    for name in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            for file, content in trained(name, every(options.data)).to_files().items():
                Path(folder, file).write_bytes(content)
            for threads in (1, 2):
                processors = ",".join(str(number) for number in sorted(os.sched_getaffinity(0))[:threads])
                command = [sys.executable, __file__, "--data", str(options.data), "--child", name, folder]
                environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
                subprocess.run(["taskset", "-c", processors, *command], env=environment, check=True)


def encode_in_child(data: Path, *, name: str, folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    ours = TOKENIZERS[name].from_files(files, TOKENIZERS[name].Config())
    library = parsed(ours.to_huggingface())

    def theirs(texts: Sequence[str]) -> list[list[int]]:
        return [found.ids for found in library.encode_batch(list(texts), add_special_tokens=False)]

    for corpus, read in CORPORA.items():
        texts = list(read(data))
        parts = [texts[start::ROUNDS] for start in range(ROUNDS)]
        rounds = [(timed(theirs, part), timed(ours.encode_batch, part)) for part in parts][1:]
        equal = all(theirs(part) == ours.encode_batch(part) for part in parts)
        slow, quick = (statistics.median(entry[side] for entry in rounds) for side in (0, 1))
        ratio = statistics.median(quick / slow for slow, quick in rounds)
        threads = len(os.sched_getaffinity(0))
        print(f"{name:8} {corpus:8} {threads:7} {slow:11.2f} {quick:8.2f} {ratio:5.1f}x  {'yes' if equal else 'NO'}")


def timed(encode: Callable[[Sequence[str]], list[list[int]]], texts: Sequence[str]) -> float:
    """Megabytes a second."""
    start = time.perf_counter()
    encode(texts)
    return megabytes(texts) / (time.perf_counter() - start)


def training(options: argparse.Namespace) -> None:
    texts = every(options.data)
    print(f"{megabytes(texts):.1f} MB, {SIZE:,} pieces; processor seconds, of all threads")
    for name in ROWS:
        trainers = {"ours": trained, "tokenizers": by_tokenizers, "sentencepiece": by_sentencepiece}
        seconds = {who: worked(train, name, texts) for who, train in trainers.items()}
        print(f"{name:8} " + "  ".join(f"{who} {took:.1f}" for who, took in seconds.items()))


def spent(work: Callable[..., object], *subjects: object) -> float:
    start = time.perf_counter()
    work(*subjects)
    return time.perf_counter() - start


def worked(work: Callable[..., object], *subjects: object) -> float:
    """Seconds of processors, those of child processes too: what else the machine does is not in them."""
    before = os.times()
    work(*subjects)
    return sum(os.times()[:4]) - sum(before[:4])


def memory(options: argparse.Namespace) -> None:
    """Peak memory of learning, each row in a child process of its own."""
    for name in ROWS:
        if os.fork() == 0:
            before = peak()
            named = component(TOKENIZERS, {"name": name, "max_size": SIZE}, where="bench")
            seconds = spent(named.kind.train, made_up(options.megabytes), named.config)
            print(f"{name:8} {options.megabytes} MB: peak {peak() - before:,} MB above {before}, {seconds:.0f} s")
            os._exit(0)
        os.wait()


def made_up(wanted: int) -> Iterator[str]:
    """Lines of frequent and rare words of Han and kana, no two alike, `wanted` MB in all."""
    import random

    chance = random.Random(0)
    han, kana = range(0x4E00, 0x9000), range(0x3042, 0x3090)
    words = ["".join(chr(chance.choice(han)) for _ in range(chance.randint(1, 4))) for _ in range(200_000)]
    words += ["".join(chr(chance.choice(kana)) for _ in range(chance.randint(1, 6))) for _ in range(50_000)]
    made = 0
    while made < wanted * 1_000_000:
        line = "".join(words[int(len(words) * chance.random() ** 3)] for _ in range(60)) + "。"
        made += 3 * len(line)
        yield line


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def trained(name: str, texts: Sequence[str]) -> SubwordTokenizer:
    named = component(TOKENIZERS, {"name": name, "max_size": SIZE}, where="bench")
    tokenizer: SubwordTokenizer = named.kind.train(iter(texts), named.config)
    return tokenizer


def by_tokenizers(name: str, texts: Sequence[str]) -> None:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    runs = pre_tokenizers.Split(Regex(rf"{RUN}|(?m:.)"), "isolated")
    if name == "bpe":
        model = Tokenizer(models.BPE())
        letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        model.pre_tokenizer = pre_tokenizers.Sequence([runs, letters])
        trainer = trainers.BpeTrainer(vocab_size=SIZE, min_frequency=2, show_progress=False)
    else:
        model = Tokenizer(models.Unigram())
        model.pre_tokenizer = runs
        trainer = trainers.UnigramTrainer(
            vocab_size=SIZE, unk_token="<UNK>", special_tokens=["<UNK>"], show_progress=False
        )
    model.train_from_iterator(iter(texts), trainer)


def by_sentencepiece(name: str, texts: Sequence[str]) -> None:
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for text in texts for line in text.split("\n") if line),
        model_writer=BytesIO(),
        model_type=name,
        vocab_size=SIZE,
        byte_fallback=True,
        num_threads=os.cpu_count(),
        minloglevel=2,
    )


def megabytes(texts: Sequence[str]) -> float:
    return sum(len(text.encode()) for text in texts) / 1e6


def every(data: Path) -> list[str]:
    return [text for read in CORPORA.values() for text in read(data)]


def titles(data: Path) -> Iterator[str]:
    with gzip.open(data / "thucnews-titles/train.txt.gz", "rt") as file:
        yield from (line.split("\t")[0] for line in file)


def reviews(data: Path) -> Iterator[str]:
    with gzip.open(data / "online-shopping-7-cats/train.csv.gz") as file:
        yield from (row["review"] for row in csv.DictReader(TextIOWrapper(file, encoding="utf-8")))


def articles(data: Path) -> Iterator[str]:
    with tarfile.open(data / "livedoor-news/train.tar.xz") as archive:
        for member in archive:
            if (file := archive.extractfile(member)) is not None:
                yield file.read().decode()


CORPORA = {"titles": titles, "reviews": reviews, "livedoor": articles}

if __name__ == "__main__":
    main()
