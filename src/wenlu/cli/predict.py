"""`wenlu predict`: answers to a few texts, or to a file of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from wenlu.base.errors import WenluError
from wenlu.cli.options import Root

_TOGETHER = 64


def predict(  # noqa: PLR0917  (typer reads options from parameters)
    model: Annotated[str, typer.Argument(help="A model's name, a bundle's folder, or the address of a service")],
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; or give --input")] = None,
    source: Annotated[
        Path | None, typer.Option("--input", help="A UTF-8 file with one text a line; - is stdin")
    ] = None,
    target: Annotated[Path | None, typer.Option("--output", help="Where to write; standard output if left out")] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Of a model of conversations: answer each text")] = False,
    system: Annotated[str, typer.Option(help="With --chat: what the model is told before each text")] = "",
    length: Annotated[
        int | None, typer.Option(help="Of a model that writes: tokens it writes at most; left out: 64, with --chat 256")
    ] = None,
    temperature: Annotated[float, typer.Option(help="Of a language model: 0 takes the likeliest, 1 its odds")] = 0.0,
    top_k: Annotated[int, typer.Option(help="Of a language model: chooses among so many; 0 among all")] = 0,
    top_p: Annotated[float, typer.Option(help="Of a language model: chooses among those that weigh so much")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of a language model: of chance")] = 1,
    beams: Annotated[int, typer.Option(help="Of a model from text to text: answers followed side by side")] = 1,
    no_repeat: Annotated[
        int, typer.Option(help="Of a model from text to text: no run of so many tokens twice; 0 allows any")
    ] = 0,
    root: Root = None,
) -> None:
    """One JSON line a text: the text, its label, the score and the scores of all labels, or its value; of a language
    model what it writes behind the text, or with --chat what it answers; of a model from text to text its answer."""
    import msgspec

    most = length or (256 if chat else 64)
    sampling = {"length": most, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    decoding = {"length": most, "beams": beams, "no_repeat": no_repeat}
    answer = (
        _answering(model, root, sampling, system)
        if chat
        else _answerer(model, root, {"generate": sampling, "seq2seq": decoding})
    )
    lines = (
        msgspec.json.encode({"text": text, **said}) + b"\n"
        for chunk in _chunks(_texts(texts, source))
        for text, said in zip(chunk, answer(chunk), strict=True)
    )
    if target is None:
        for line in lines:
            sys.stdout.buffer.write(line)
        sys.stdout.flush()
    else:
        _write_whole(target, lines)


Answered = list[dict[str, Any]]


Settings = dict[str, dict[str, Any]]
"""By task of a model that writes: what the options say."""


def _answerer(model: str, root: Path | None, settings: Settings) -> Callable[[Sequence[str]], Answered]:
    return _remote(model) if model.startswith(("http://", "https://")) else _local(model, root, settings)


def _remote(address: str) -> Callable[[Sequence[str]], Answered]:
    from wenlu.sdk.client import Client

    client = Client(address)
    return lambda texts: [_said(asdict(answer)) for answer in client.predict(texts)]


def _local(model: str, root: Path | None, settings: Settings) -> Callable[[Sequence[str]], Answered]:
    from wenlu.bundle.predict import Predictor
    from wenlu.bundle.seal import open_bundle
    from wenlu.bundle.shelf import find_model
    from wenlu.serving.runtimes import RUNTIMES
    from wenlu.storage.workspace import Workspace

    bundle = open_bundle(find_model(Workspace.at(root), model))
    if bundle.manifest.task == "generate":
        return _writer(bundle, settings["generate"])
    if bundle.manifest.task == "seq2seq":
        return _rewriter(bundle, settings["seq2seq"])
    predictor = Predictor(bundle, RUNTIMES["onnx"](bundle))
    return lambda texts: [_said(asdict(answer)) for answer in predictor.predict(texts)]


def _writer(bundle: Any, settings: dict[str, Any]) -> Callable[[Sequence[str]], Answered]:
    from wenlu.base.spec import check
    from wenlu.bundle.sampling import Sampling
    from wenlu.bundle.writer import Writer
    from wenlu.serving.runtimes import WRITERS

    sampling = check(Sampling, settings, where="wenlu predict")
    writer = Writer(bundle, WRITERS["torch"](bundle))
    return lambda texts: [{"written": writer.write(text, sampling).text} for text in texts]


def _answering(
    model: str, root: Path | None, settings: dict[str, Any], system: str
) -> Callable[[Sequence[str]], Answered]:
    from wenlu.base.spec import check
    from wenlu.bundle.chat import Conversation
    from wenlu.bundle.sampling import Sampling
    from wenlu.serving.chat import open_chat

    sampling = check(Sampling, settings, where="wenlu predict")
    chat = open_chat(model, root=root)
    return lambda texts: [{"answer": "".join(Conversation(chat, system=system).say(text, sampling))} for text in texts]


def _rewriter(bundle: Any, settings: dict[str, Any]) -> Callable[[Sequence[str]], Answered]:
    from wenlu.base.spec import check
    from wenlu.bundle.decoding import Decoding
    from wenlu.bundle.rewriter import Rewriter
    from wenlu.serving.runtimes import REWRITERS

    decoding = check(Decoding, settings, where="wenlu predict")
    rewriter = Rewriter(bundle, REWRITERS["torch"](bundle))
    return lambda texts: [{"written": one.text} for one in rewriter.rewrite(texts, decoding)]


def _said(answer: dict[str, Any]) -> dict[str, Any]:
    """What a model says: a number, or labels, and whether it abstained if it can."""
    value = answer.pop("value", None)
    if not isinstance(answer.get("abstained"), bool):
        answer.pop("abstained", None)
    return answer if value is None else {"value": value}


def _texts(texts: list[str] | None, source: Path | None) -> Iterator[str]:
    if bool(texts) == (source is not None):
        raise WenluError("nothing_to_predict", "Give texts, or --input FILE with one text a line (and not both).")
    if source is None:
        yield from texts or ()
        return
    try:
        with open(0 if str(source) == "-" else source, "rb", closefd=str(source) != "-") as file:
            for number, line in enumerate(file, 1):
                yield _decoded(line, source, number)
    except OSError as error:
        raise WenluError("no_input", f"{source} can't be read: {error.strerror}.") from None


def _decoded(line: bytes, source: Path, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise WenluError(
            "bad_encoding",
            f"{source}, line {number} is not UTF-8 (byte {error.start + 1}).",
            hint="Convert it first, e.g.: iconv -f GB18030 -t UTF-8",
        ) from None


def _chunks(texts: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(texts, _TOGETHER)):
        yield chunk


def _write_whole(target: Path, lines: Iterator[bytes]) -> None:
    """All the lines at `target`, or nothing there."""
    partial = target.with_name(f".partial-{target.name}")
    try:
        with partial.open("wb") as file:
            file.writelines(lines)
        partial.replace(target)
    except OSError as error:
        raise WenluError("no_output", f"{target} can't be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)
