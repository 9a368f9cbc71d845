"""Which encoding a file is in. Looks at every line, and never guesses silently.

Strict decoding alone can't tell: the CP932 bytes of 経済の記事 are valid GB18030 for 宱嵪偺婰帠. So each is also
scored by how plausible its characters are: how many are among the common ones that its national standard lists first
(GB 2312 level 1, JIS X 0208 level 1 and kana). The right decoding scores high, a wrong one gives rare characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from wenlu.base.errors import WenluError

_MOST_BROKEN = 0.01  # share of lines that may be broken in the right encoding
_PLAUSIBLE = 0.7
_MARGIN = 0.2
_PREVIEW = 24
_WIDE_PUNCTUATION = frozenset("　、。，！？：；「」『』（）《》〈〉【】“”‘’…—・ー〜～％＋－＝／＆＃＊")


@dataclass(slots=True)
class _Candidate:
    """One encoding and what decoding line after line with it gave."""

    name: str
    lines: int = 0
    broken: int = 0
    plausible: int = 0
    wide: int = 0
    preview: str = ""

    def read(self, line: bytes) -> None:
        self.lines += 1
        try:
            text = line.decode(self.name)
        except UnicodeDecodeError:
            self.broken += 1
            return
        common = _common(self.name)
        wide = [character for character in text if character > "\x7f"]
        self.wide += len(wide)
        self.plausible += sum(character in common for character in wide)
        if wide and not self.preview:
            self.preview = text.strip()[:_PREVIEW]

    @property
    def fits(self) -> bool:
        return self.broken <= self.lines * _MOST_BROKEN and self.wide > 0

    @property
    def score(self) -> float:
        return self.plausible / max(self.wide, 1)


@dataclass(slots=True)
class _Utf8:
    """UTF-8 needs no scoring: other encodings' bytes are hardly ever valid UTF-8."""

    lines: int = 0
    wide: int = 0
    broken: list[int] = field(default_factory=list)

    def read(self, line: bytes) -> None:
        self.lines += 1
        try:
            self.wide += not line.decode("utf-8").isascii()
        except UnicodeDecodeError:
            self.broken.append(self.lines)

    @property
    def fits(self) -> bool:
        return not self.broken or (self.wide > 0 and len(self.broken) <= self.lines * _MOST_BROKEN)


def detect(lines: Iterable[bytes | None], *, name: str) -> str:
    """The encoding of a file, from all of its lines: `utf-8`, `gb18030` or `cp932`.

    Raises WenluError `encoding_unclear` with the candidates and a preview of each where it is not sure.
    """
    utf8 = _Utf8()
    others = [_Candidate("gb18030"), _Candidate("cp932")]
    for line in lines:
        if line is None:
            continue
        if utf8.lines == 0 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise WenluError("encoding_unclear", f"{name} is UTF-16.", hint="Convert it: iconv -f UTF-16 -t UTF-8")
        utf8.read(line)
        if not line.isascii():
            for candidate in others:
                candidate.read(line)
    if utf8.fits:
        return "utf-8"
    return _surest([candidate for candidate in others if candidate.fits], name=name)


def _surest(candidates: list[_Candidate], *, name: str) -> str:
    best, *others = sorted(candidates, key=lambda candidate: -candidate.score) or [_Candidate("")]
    margin = best.score - max((other.score for other in others), default=0.0)
    if best.score >= _PLAUSIBLE and margin >= _MARGIN:
        return best.name
    shown = "; ".join(f"{candidate.name}: {candidate.preview}" for candidate in candidates) or "none fits"
    raise WenluError(
        "encoding_unclear",
        f"The encoding of {name} is not clear ({shown}).",
        hint="Say which: --encoding NAME on the command line, encoding: NAME in a recipe.",
    )


@cache
def _common(encoding: str) -> frozenset[str]:
    """Characters that text in this encoding is mostly made of."""
    if encoding == "gb18030":
        return _WIDE_PUNCTUATION | _standard_rows("gb2312", range(16, 56)) | _standard_rows("gb2312", range(3, 4))
    kana = frozenset(map(chr, range(0x3041, 0x30FF)))
    return _WIDE_PUNCTUATION | kana | _standard_rows("euc_jp", range(16, 48)) | _standard_rows("euc_jp", range(3, 4))


def _standard_rows(codec: str, rows: range) -> frozenset[str]:
    """The characters in these rows of a 94 × 94 national standard, through a codec that encodes it as 0xA1-0xFE."""
    return frozenset(
        "".join(bytes((0xA0 + row, 0xA0 + cell)).decode(codec, "ignore") for row in rows for cell in range(1, 95))
    )
