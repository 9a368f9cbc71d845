"""What BPE and unigram tokenizers share: pieces of characters over bytes, so that no text is ever unknown.

Learning cuts texts into runs of one script (`RUN`), so no piece mixes scripts, digits or punctuation. Encoding needs
no such cuts for it: a piece that was never learned never comes out. The saved file is a standard `tokenizer.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import msgspec

from wenlu.base.errors import WenluError, missing_package
from wenlu.base.spec import Field, Spec
from wenlu.text.cuts import Piece
from wenlu.text.encoded import Encoded
from wenlu.text.grown import Grown, grown_files, read_grown
from wenlu.text.quick import Encode
from wenlu.text.sample import Sample
from wenlu.text.scripts import HAN, HIRAGANA, KATAKANA
from wenlu.text.segment import version_of
from wenlu.text.vocabulary import PAD, PAD_ID, UNK, UNK_ID

BOS, EOS = "<BOS>", "<EOS>"
BOS_ID, EOS_ID = 2, 3
SPECIAL = (PAD, UNK, BOS, EOS)

FILE = "tokenizer.json"
_LEARNED = "learned.json"

_LETTER = rf"[^\W\d_ー{HAN}{HIRAGANA}{KATAKANA}]"
RUN = rf"[{HAN}]{{1,16}}|[{HIRAGANA}ー]{{1,16}}|[{KATAKANA}ー]{{1,16}}|{_LETTER}{{1,32}}"
"""A run that pieces are learned from: Han, hiragana, katakana or other letters, in the syntax that Python's `re` and
Oniguruma share. Its greatest length bounds the pieces, and the memory that a text without spaces costs."""


class SubwordConfig(Spec):
    """How much is learned, and from how much text."""

    max_size: int = Field(32_000, ge=300, le=1_000_000, description="Ids at most, special ones and the 256 bytes too")
    sample_characters: int = Field(
        20_000_000, ge=10_000, le=1_000_000_000, description="Learns from this many characters at most, chosen by hash"
    )


class Learned(Spec):
    """What a tokenizer was learned from."""

    characters_seen: int
    characters_used: int

    def sentence(self) -> str:
        if self.characters_used == self.characters_seen:
            return f"learned from {self.characters_seen:,} characters"
        return f"learned from a sample by hash: {self.characters_used:,} of {self.characters_seen:,} characters"


class SubwordTokenizer:
    """Pieces over bytes, kept as a `tokenizer.json`. `decode(encode(text)) == text` for every text there is.

    Id 0 is `<PAD>`, 1 `<UNK>`, 2 `<BOS>`, 3 `<EOS>`; none of them ever comes out of `encode`, also not where a text
    spells one out. Memory while learning is bounded by `sample_characters`, not by the corpus.
    """

    Config: ClassVar[Any]

    pad_id: int | None = PAD_ID
    unk_id = UNK_ID
    end_id = EOS_ID

    def __init__(self, content: bytes, learned: Learned, *, grown: Grown | None = None) -> None:
        self._content = content
        self.grown = grown
        self._model = parsed(content)
        self._learned = learned
        self._encode = self.encoder(content, self._model)
        self.size: int = self._model.get_vocab_size()
        self.version = version_of("tokenizers")
        self.learned = learned.sentence()

    @classmethod
    def train(cls, texts: Iterable[str], config: Any) -> Self:
        """Learned from a sample of `texts`; raises WenluError `bad_text` where one has no UTF-8."""
        sample = Sample(texts, characters=config.sample_characters)
        try:
            content = cls.learn(sample, config)
        except UnicodeEncodeError:
            raise surrogate() from None
        return cls(content, Learned(characters_seen=sample.seen, characters_used=sample.kept))

    @classmethod
    def learn(cls, sample: Iterable[str], config: Any) -> bytes:
        """The `tokenizer.json` learned from `sample`."""
        raise TypeError(f"{cls.__name__} learns nothing")

    @classmethod
    def encoder(cls, content: bytes, model: Any) -> Encode:
        """The quickest way to the ids that `model` gives: `model` itself, unless a row knows better."""
        return reference(model)

    def encode(self, text: str) -> list[int]:
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Raises WenluError `bad_text` for a text with an unpaired surrogate, which has no UTF-8."""
        try:
            return self._encode(texts)
        except (UnicodeEncodeError, TypeError):
            raise surrogate() from None

    def encode_together(self, texts: Sequence[str]) -> Encoded:
        return Encoded.of(self.encode_batch(texts))

    def cut(self, text: str) -> list[Piece]:
        return cut_by(self._model, text)

    def decode(self, ids: Iterable[int]) -> str:
        """Special ids say nothing; bytes that are no UTF-8 are U+FFFD."""
        find = self.piece_bytes.__getitem__
        return b"".join(map(find, ids)).decode("utf-8", "replace")

    @cached_property
    def piece_bytes(self) -> list[bytes]:
        """The bytes that each id stands for; of a special id, none."""
        pieces = [self.bytes_of(self._model.id_to_token(number)) for number in range(len(SPECIAL), self.size)]
        return [b""] * len(SPECIAL) + pieces

    @property
    def ids(self) -> dict[str, int]:
        """Every piece, as the file writes it, and its id."""
        found: dict[str, int] = self._model.get_vocab()
        return found

    @classmethod
    def bytes_of(cls, piece: str) -> bytes:
        """What a piece, as the file writes it, stands for."""
        return byte_of(piece) or piece.encode()

    def to_files(self) -> dict[str, bytes]:
        learned = {_LEARNED: self._learned.model_dump_json().encode()}
        return {FILE: self._content, **learned, **grown_files(self.grown)}

    def to_huggingface(self) -> bytes:
        return self._content

    @classmethod
    def from_files(cls, files: dict[str, bytes], config: Any) -> Self:
        """Raises WenluError `bad_vocabulary` where a file is missing or not as written."""
        missing = [name for name in (FILE, _LEARNED) if name not in files]
        if missing:
            raise WenluError("bad_vocabulary", f"The file {missing[0]} of the tokenizer is missing.")
        try:
            learned = Learned.model_validate_json(files[_LEARNED])
        except ValueError:
            raise WenluError("bad_vocabulary", f"The file {_LEARNED} of the tokenizer is not as written.") from None
        return cls(files[FILE], learned, grown=read_grown(files))


def parsed(content: bytes) -> Any:
    """A `tokenizers.Tokenizer` of the file's bytes; raises WenluError `bad_vocabulary` where it can't be read."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise missing_package("tokenizers", extra="data") from None
    try:
        model = Tokenizer.from_buffer(content)
    except Exception as error:  # the package raises nothing narrower
        raise WenluError("bad_vocabulary", f"The file {FILE} of the tokenizer can't be read: {error}.") from None
    model.encode_special_tokens = True  # a text that spells a special token out is text
    model.no_padding()
    model.no_truncation()
    return model


def reference(model: Any) -> Encode:
    """Ids as `tokenizers` gives them, without the special tokens of a post-processor."""

    def encode(texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in model.encode_batch_fast(list(texts), add_special_tokens=False)]

    return encode


def cut_by(model: Any, text: str) -> list[Piece]:
    """The ids that `model` gives, with their places; raises WenluError `bad_text`."""
    try:
        encoding = model.encode(text, add_special_tokens=False)
    except (UnicodeEncodeError, TypeError):
        raise surrogate() from None
    return [Piece(number, *place) for number, place in zip(encoding.ids, encoding.offsets, strict=True)]


def byte_of(piece: str) -> bytes | None:
    """`<0xE4>` is the byte e4; None where `piece` is not written so."""
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        return bytes.fromhex(piece[3:5])
    return None


def tokenizer_json(**parts: object) -> bytes:
    """A `tokenizer.json` of the parts that are given, without the others.

    Special tokens are in the model's vocabulary and not among `added_tokens`, so no reader looks for them in texts.
    """
    empty: dict[str, object] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
    }
    empty |= {"pre_tokenizer": None, "post_processor": None, "decoder": None}
    return msgspec.json.encode({**empty, **parts})


def surrogate() -> WenluError:
    return WenluError(
        "bad_text",
        "A text holds an unpaired surrogate (half of a UTF-16 character), which has no UTF-8 form.",
        hint="Repair the file's encoding, or drop the text.",
    )
