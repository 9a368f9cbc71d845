"""A text pipeline as files that Hugging Face's libraries read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

import msgspec

from wenlu.base.errors import WenluError
from wenlu.storage.local import write_atomic
from wenlu.text.chat.conversation import Turn
from wenlu.text.chat.template import APART
from wenlu.text.chat.turns import Turns
from wenlu.text.normalizers.spaces import NOTHING
from wenlu.text.pipeline import TextPipeline
from wenlu.text.quick import PROBES
from wenlu.text.subwords import BOS, EOS, FILE, parsed, reference
from wenlu.text.vocabulary import PAD, UNK

_CONFIG = "tokenizer_config.json"
_ROUNDS = 2  # our steps repeat until nothing changes; a text that needs a third round has yet to be seen

# A step of ours, and the very same in `tokenizers`. Lower case differs in one letter: Σ that ends a Greek word; NFKC in
# characters that are newer than its Unicode tables, such as U+1FBF0, the digit of an old computer.
_STEPS: dict[str, list[dict[str, Any]]] = {
    "nfkc": [{"type": "NFKC"}],
    "lower": [{"type": "Lowercase"}],
    "spaces": [
        {"type": "Replace", "pattern": {"Regex": f"[{NOTHING}]"}, "content": ""},
        {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
        {"type": "Strip", "strip_left": True, "strip_right": True},
    ],
}


def export_huggingface(pipeline: TextPipeline, folder: Path) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`: raw text → the ids of `pipeline`, not cut at `max_length`.

    Raises WenluError `no_export` where a step or the tokenizer can't be expressed, or the file gives other ids.
    """
    steps = [*pipeline.clean.steps, *pipeline.normalize.steps]
    content = _with_normalizer(pipeline.tokenizer.to_huggingface(), steps)
    _same_ids(content, pipeline)
    if pipeline.turns is not None:
        content = _with_marks(content, pipeline.turns)
        _same_conversations(content, pipeline.turns)
    _write(folder, content, pipeline.turns)


def export_huggingface_without_normalizer(pipeline: TextPipeline, folder: Path) -> None:
    """As `export_huggingface`, for texts that have been through `pipeline.normalized` already."""
    content = pipeline.tokenizer.to_huggingface()
    _write(folder, content if pipeline.turns is None else _with_marks(content, pipeline.turns), pipeline.turns)


def _write(folder: Path, content: bytes, turns: Turns | None) -> None:
    write_atomic(folder / FILE, content)
    write_atomic(folder / _CONFIG, msgspec.json.format(msgspec.json.encode(_config(content, turns)), indent=1))


def _config(content: bytes, turns: Turns | None) -> dict[str, object]:
    """Special tokens are named here and not looked for in texts; but where there are marks of conversations, which a
    template writes as text, and keeps apart from what users do."""
    known = parsed(content).get_vocab(with_added_tokens=True)
    roles = {"pad_token": PAD, "unk_token": UNK, "bos_token": BOS, "eos_token": EOS}
    named: dict[str, object] = {role: token for role, token in roles.items() if token in known}
    if turns is not None:
        named |= {"eos_token": turns.template.after["assistant"], "chat_template": turns.template.jinja()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **named,
        "split_special_tokens": turns is None,
        "clean_up_tokenization_spaces": False,
    }


def _with_marks(content: bytes, turns: Turns) -> bytes:
    """The file with the marks of conversations behind its own ids. What keeps a `<` of a user's from beginning one is
    dropped before all else."""
    data = msgspec.json.decode(content)
    options = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    data["added_tokens"] += [{"id": number, "content": mark, **options} for mark, number in turns.marks.items()]
    apart = {"type": "Replace", "pattern": {"String": APART}, "content": ""}
    theirs = [data["normalizer"]] if data.get("normalizer") else []
    data["normalizer"] = {"type": "Sequence", "normalizers": [apart, *theirs]}
    return msgspec.json.encode(data)


def _same_conversations(content: bytes, turns: Turns) -> None:
    model = parsed(content)
    model.encode_special_tokens = False  # the marks of a template that is rendered are marks
    asked = [Turn("system", PROBES[0]), *(Turn("user", probe) for probe in PROBES), Turn("assistant", PROBES[3])]
    [ids] = turns.encode([asked])
    if reference(model)([turns.template.text(asked)]) != [ids]:
        raise WenluError("no_export", "The exported template gave other ids than ours, so it was not written.")


def _with_normalizer(content: bytes, steps: Sequence[str]) -> bytes:
    if unknown := [step for step in steps if step not in _STEPS]:
        raise WenluError(
            "no_export",
            f"The normalisation step '{unknown[0]}' has no equal in a tokenizer.json.",
            hint="Normalise before the tokenizer and export without the normaliser.",
        )
    data = msgspec.json.decode(content)
    ours = [part for round_ in repeat(steps, _ROUNDS) for step in round_ for part in _STEPS[step]]
    theirs = [data["normalizer"]] if data.get("normalizer") else []
    if ours:
        data["normalizer"] = {"type": "Sequence", "normalizers": ours + theirs}
    return msgspec.json.encode(data)


def _same_ids(content: bytes, pipeline: TextPipeline) -> None:
    texts = [probe for probe in PROBES if pipeline.normalized(probe)]
    if reference(parsed(content))(texts) != _uncut(pipeline, texts):
        raise WenluError("no_export", "The exported file gave other ids than the pipeline, so it was not written.")


def _uncut(pipeline: TextPipeline, texts: Iterable[str]) -> list[list[int]]:
    return pipeline.tokenizer.encode_batch([pipeline.normalized(text) for text in texts])
