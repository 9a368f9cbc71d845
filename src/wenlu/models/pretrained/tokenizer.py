"""The tokenizer of a folder or GGUF file, as transformers makes it of what lies there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.models.pretrained.folder import called, open_source
from wenlu.models.pretrained.library import quietly


def tokenizer_json(path: str) -> bytes:
    """A `tokenizer.json` with the ids of `AutoTokenizer`, special tokens included; raises WenluError.

    `AutoTokenizer` may make another tokenizer of a folder than its `tokenizer.json` alone, and it makes one of a
    `vocab.txt` too: so it is asked, once, and what it made goes into the bundle.
    """
    place = Path(path)
    open_source(path)  # what must not be opened is refused
    return _made(place.resolve(), place.stat().st_mtime_ns)


@lru_cache(2)
def _made(path: Path, changed: int) -> bytes:
    with quietly():
        from transformers import AutoTokenizer

        try:
            found = AutoTokenizer.from_pretrained(**called(path), local_files_only=True, trust_remote_code=False)
            model = found.backend_tokenizer
        except Exception as error:  # files that don't fit raise whatever the library stumbles over
            said = " ".join(str(error).split())
            raise WenluError(
                "no_tokenizer",
                f"No tokenizer can be made of {path}: {said[:300]}",
                hint="Its folder needs tokenizer.json or vocab.txt; or name one: text.tokenizer.",
            ) from None
        model.no_padding()
        model.no_truncation()
        content: str = model.to_str()
    return content.encode()
