"""Reading a tokenizer file that comes from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from wenlu.base.errors import WenluError
from wenlu.base.spec import Field, Spec
from wenlu.base.table import Table
from wenlu.base.variables import expanded

_LARGEST = 256 * 1024 * 1024  # bytes: the largest vocabularies in use (a quarter of a million pieces) take 40 MB


CONVERSIONS = Table("conversion", {"transformers": "wenlu.models.pretrained.tokenizer:tokenizer_json"})
"""What makes one file of several: reached by its row, so that nothing here loads the library."""


class ImportConfig(Spec):
    """Where the file is."""

    path: str = Field("", description="The file to take over; read once, a bundle then carries its content")

    def sealed(self) -> Self:
        """The same without the path, which nobody needs any more."""
        return self.model_copy(update={"path": ""})


def imported(path: str, *, kind: str) -> bytes:
    """The bytes of the file at `path`; raises WenluError `bad_tokenizer_file` where it can't be had."""
    if not path:
        raise WenluError("bad_tokenizer_file", f"The tokenizer '{kind}' needs the path of a file.", hint="Set 'path'.")
    file = Path(expanded(path))
    try:
        if file.stat().st_size > _LARGEST:
            raise too_large(path)
        return file.read_bytes()
    except OSError as error:
        raise WenluError("bad_tokenizer_file", f"The tokenizer file {path} can't be read: {error}.") from None


def too_large(path: str) -> WenluError:
    return WenluError("bad_tokenizer_file", f"The tokenizer file {path} is over {_LARGEST // 1024**2} MB.")


def no_stream() -> WenluError:
    """Of an imported file that is not made of bytes, which bytes an id stands for is not known for sure."""
    return WenluError(
        "no_stream",
        "The ids of this imported tokenizer can't be written out one by one.",
        hint="Take one of bytes, as GPT-2, Llama 3 and Qwen have, or learn a bpe or unigram tokenizer.",
    )
