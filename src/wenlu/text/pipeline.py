"""Everything between a raw string and the ids a model reads, frozen as one thing.

The bundle carries it whole, and training, evaluation and serving call this one `encode`. The cleaning that the
training texts went through comes first, so that a raw text from a user meets the same rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from wenlu.base.component import Component, component
from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec, check
from wenlu.base.variables import expanded
from wenlu.storage.local import sha256_file, write_atomic
from wenlu.text.aligned import Aligned
from wenlu.text.chat.conversation import turns_of
from wenlu.text.chat.templates import TEMPLATES
from wenlu.text.chat.turns import Turns
from wenlu.text.cuts import Piece
from wenlu.text.encoded import NOTHING_AROUND, Around, Encoded
from wenlu.text.imported import ImportConfig
from wenlu.text.normalize import Normalizer
from wenlu.text.tokenizers import TOKENIZERS, Tokenizer

_SETTINGS = "pipeline.json"


class PipelineConfig(Spec):
    """The settings of a text pipeline, as a recipe's `text:` part gives them."""

    normalize: list[str] = Field(default=["lower"], description="Steps after the dataset's own cleaning")
    tokenizer: str | dict[str, Any] = Field(default="word", description="A row of the tokenizers, with settings")
    max_length: int = Field(default=256, ge=1, le=1 << 30, description="Ids a text at most; the rest is cut off")
    # Left out of what is written down where there is none: pipelines made before it was there keep their digest.
    template: str | None = Field(
        default=None,
        exclude_if=lambda template: template is None,
        description="A row of the templates, by which conversations are laid out; left out: of chat data chatml",
    )


class TextPipeline:
    """Raw text → cleaned → normalised → ids. Immutable; calls may come from several threads one at a time."""

    def __init__(self, tokenizer: Tokenizer, config: PipelineConfig, *, clean: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.config = config.model_copy(update={"tokenizer": tokenizer_component(config).as_data()})
        self.clean = Normalizer(clean)
        self.normalize = Normalizer(config.normalize)
        self.turns: Turns | None = (
            None if config.template is None else Turns(TEMPLATES[config.template], tokenizer, self.normalized)
        )
        """How conversations become ids; None where there is no template."""

    @property
    def size(self) -> int:
        """How many ids there are, marks of conversations too."""
        return self.turns.size if self.turns else self.tokenizer.size

    @classmethod
    def train(cls, texts: Iterable[str], config: PipelineConfig, *, clean: Sequence[str]) -> TextPipeline:
        """Learn the tokenizer from cleaned texts."""
        named = tokenizer_component(config)
        normalize = Normalizer(config.normalize)
        tokenizer: Tokenizer = named.kind.train(map(normalize, texts), named.config)
        if isinstance(named.config, ImportConfig):
            kept = Component(named.name, named.kind, named.config.sealed()).as_data()
            config = config.model_copy(update={"tokenizer": kept})
        return cls(tokenizer, config, clean=clean)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text: 1 to `max_length` of them, never a padding id. A text of nothing is one `<UNK>`."""
        longest, nothing = self.config.max_length, self.tokenizer.unk_id
        ids = self.tokenizer.encode_batch([self.normalized(text) for text in texts])
        if around := self._around:
            return [[*around.before, *row[: longest - around.number], *around.behind] for row in ids]
        return [row[:longest] or [nothing] for row in ids]

    def encode_together(self, texts: Sequence[str]) -> Encoded:
        """`encode` of many texts, in one array."""
        found = self.tokenizer.encode_together(self.normalize.many(self.clean.many(texts)))
        if around := self._around:
            return found.surrounded(self.config.max_length, around)
        return found.bounded(self.config.max_length, nothing=self.tokenizer.unk_id)

    def encode_bodies(self, bodies: Sequence[str]) -> Encoded:
        """Texts as a dataset keeps them, in one array: conversations whole, other texts as `encode_together`."""
        if self.turns:
            return Encoded.of(self.turns.encode(list(map(turns_of, bodies))))
        return self.encode_together(bodies)

    def cut(self, text: str) -> list[Piece]:
        """The ids of `text`, not cut at `max_length`, each with its place in `text` as it came in, uncleaned.

        For people to look at, not for speed.
        """
        aligned = self.normalize.follow(self.clean.aligned(text))
        return [_placed(piece, aligned) for piece in self.tokenizer.cut(aligned.text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; marks of conversations say nothing."""
        return self.tokenizer.decode(number for number in ids if number < self.tokenizer.size)

    @property
    def piece_bytes(self) -> list[bytes]:
        """What each id stands for, as the tokenizer's; of the marks of conversations nothing."""
        return self.tokenizer.piece_bytes + [b""] * (self.size - self.tokenizer.size)

    def normalized(self, text: str) -> str:
        """`text` as the tokenizer sees it."""
        return self.normalize(self.clean(text))

    @property
    def _around(self) -> Around | None:
        """What stands around every text; raises WenluError `bad_settings` where it leaves no room for one."""
        around: Around = getattr(self.tokenizer, "around", NOTHING_AROUND)
        if not around.number:
            return None
        if around.number >= self.config.max_length:
            raise WenluError(
                "bad_settings",
                f"text.max_length is {self.config.max_length}, and {around.number} special tokens stand around each "
                "text.",
            )
        return around

    def save(self, folder: Path) -> None:
        """Write everything `load` needs into `folder`."""
        saved = _Saved(
            clean=list(self.clean.steps),
            tokenizer_version=self.tokenizer.version,
            config=self.config.model_dump(mode="json"),
        )
        write_atomic(folder / _SETTINGS, saved.model_dump_json(indent=1).encode())
        for name, content in self.tokenizer.to_files().items():
            write_atomic(folder / name, content)

    @classmethod
    def load(cls, folder: Path) -> TextPipeline:
        """The pipeline that was saved; raises WenluError where its files are missing or not as written."""
        try:
            saved = check(_Saved, (folder / _SETTINGS).read_bytes(), where=_SETTINGS)
            files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != _SETTINGS}
        except OSError as error:
            raise WenluError("broken_pipeline", f"The text pipeline in {folder} can't be read: {error}.") from None
        config = check(PipelineConfig, saved.config, where=_SETTINGS)
        named = tokenizer_component(config)
        return cls(named.kind.from_files(files, named.config), config, clean=saved.clean)

    def digest(self) -> str:
        """Hex SHA-256 of all that decides the ids: settings, versions and files."""
        files = sorted(self.tokenizer.to_files().items())
        parts = [
            self.config.model_dump_json().encode(),
            repr(self.clean.steps).encode(),
            self.tokenizer.version.encode(),
        ]
        parts += [name.encode() + b"\0" + hashlib.sha256(content).digest() for name, content in files]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _placed(piece: Piece, aligned: Aligned) -> Piece:
    span = aligned.span(piece.start, piece.end)
    return Piece(piece.id, span.start, span.end)


class _Saved(Spec):
    clean: list[str]
    tokenizer_version: str
    config: dict[str, Any]


def tokenizer_component(config: PipelineConfig) -> Component:
    """The checked tokenizer that a `text:` part names."""
    return component(TOKENIZERS, config.tokenizer, where="text: tokenizer")


def files_read(config: PipelineConfig) -> dict[str, str]:
    """Path → SHA-256 of each file beside the texts that training reads: an imported tokenizer, a user dictionary.

    Of a folder, the files that a tokenizer may be made of. A file that isn't there is left out: training will say so.
    """
    settings = tokenizer_component(config).as_data()
    segmenter = settings.get("segmenter")
    named = [settings.get("path"), segmenter.get("dictionary") if isinstance(segmenter, dict) else None]
    paths = [Path(expanded(path)) for path in named if isinstance(path, str) and path]
    paths = [file for path in paths for file in (_files_in(path) if path.is_dir() else [path])]
    return {str(path): sha256_file(path) for path in paths if path.is_file()}


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".json", ".txt", ".model"))
