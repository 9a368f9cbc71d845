"""`wenlu chat`: a conversation with a model, in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from wenlu.base.errors import WenluError
from wenlu.cli.options import Root

if TYPE_CHECKING:
    from wenlu.bundle.chat import Conversation
    from wenlu.bundle.sampling import Sampling

_PROMPT = "› "
_HELP = "Ctrl-C stops an answer, Ctrl-D leaves."


def chat(  # noqa: PLR0917  (typer reads options from parameters)
    model: Annotated[str, typer.Argument(help="A model of conversations: its name, or a bundle's folder")],
    system: Annotated[str, typer.Option(help="What the model is told before the conversation")] = "",
    length: Annotated[int, typer.Option(help="Tokens of an answer at most")] = 256,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest, 1 its odds")] = 0.7,
    top_k: Annotated[int, typer.Option(help="Chooses among so many; 0 among all")] = 0,
    top_p: Annotated[float, typer.Option(help="Chooses among those that weigh so much")] = 0.9,
    seed: Annotated[int, typer.Option(help="Of chance")] = 1,
    root: Root = None,
) -> None:
    """Talk with a model: each line is a question, and the answer comes as it is written. Ctrl-C stops an answer, Ctrl-D
    leaves. Turns that no longer fit into what the model reads are forgotten, the oldest first, and you are told."""
    from wenlu.base.spec import check
    from wenlu.bundle.chat import Conversation
    from wenlu.bundle.sampling import Sampling
    from wenlu.serving.chat import open_chat

    settings = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    sampling = check(Sampling, settings, where="wenlu chat")
    opened = open_chat(model, root=root)
    live = sys.stdin.isatty()
    sys.stderr.write(f"{opened.bundle.title} · {_HELP}\n")
    converse(Conversation(opened, system=system), _asked(live), sampling=sampling, out=sys.stdout, note=_note)


def converse(
    conversation: Conversation,
    questions: Iterator[str],
    *,
    sampling: Sampling,
    out: TextIO,
    note: Callable[[str], None],
) -> None:
    """Answer each question on `out` as it is written; what a person should know beside it goes to `note`."""
    forgotten = 0
    for number, question in enumerate(questions):
        if not question.strip():
            continue
        seed = (sampling.seed + number) % 2**31  # else the same question has the same answer, however often it is asked
        try:
            answer = conversation.say(question, sampling.model_copy(update={"seed": seed}))
        except WenluError as error:
            note(str(error))
            continue
        if conversation.forgotten > forgotten:
            turns = "turn no longer fits" if conversation.forgotten == 1 else "turns no longer fit"
            note(f"(the {conversation.forgotten} oldest {turns} into what the model reads, and are forgotten)")
            forgotten = conversation.forgotten
        _write(answer, out, note)


def _write(answer: Generator[str, None, None], out: TextIO, note: Callable[[str], None]) -> None:
    try:
        for part in answer:
            out.write(part)
            out.flush()
    except KeyboardInterrupt:
        answer.close()  # what was said so far is kept
        note("(stopped)")
    out.write("\n")
    out.flush()


def _asked(live: bool) -> Iterator[str]:
    """Lines that a person types, until Ctrl-D, or those of a pipe."""
    if not live:
        yield from (line.rstrip("\r\n") for line in sys.stdin)
        return
    import readline  # noqa: F401  (arrow keys and history)

    while True:
        try:
            yield input(_PROMPT)
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            _note(f"\n({_HELP})")


def _note(said: str) -> None:
    sys.stderr.write(said + "\n")
    sys.stderr.flush()
