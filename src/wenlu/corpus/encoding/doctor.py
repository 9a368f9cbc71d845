"""The encoding of a file: strict decoding of all of it, then how likely what comes out is.

Strict decoding alone can't tell: the CP932 bytes of 経済の記事 are valid GB18030 for 宱嵪偺婰帠. So every encoding that
fits is also weighed by the likelihood of its characters, and so are encodings that we do not read (Korean, Cyrillic,
Western), which must not be taken for one that we do. The likeliest is taken if it is likelier than every other by a
factor of e^`_SURE`, and if it reads like running text at all; otherwise a person is asked.

A file is read once if it is UTF-8, else once more for all the others together. Memory holds a block and some samples.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from wenlu.base.errors import WenluError
from wenlu.corpus.encoding.likely import NOTHING, Likelihood, best_language, likelihood
from wenlu.corpus.opening import LONGEST_LINE

Blocks = Callable[[], Iterable[bytes]]
"""The bytes of a file, in pieces of any size, anew each time it is called."""

_SURE = 8.0
_SURE_EACH = 1.5
_SURE_WIDE = 40.0
_UNUSUAL = 0.2, 10.0  # a character and at most: Japanese is not written in the Chinese sets, though they have kana
_ODD = re.compile(r"(?<=[^ぁ-ヿ])[ゝゞヽヾ]|([」』》〉】])(?=[、。]?\1)|[ぁ-ん]〃|〃[ぁ-ん]")
_ODD_EACH = 4.0  # for a mark of kana behind no kana, one closing bracket twice, a ditto mark among kana
_PLAUSIBLE = -10.2  # mean logarithm of a character's probability; running text has -6 to -8, names -9
_MOST_BROKEN = 0.01  # share of lines that may be broken in the right encoding
_MOST_MEANT = 0.5  # and that may be in one that is shown where none fits
_MOST_STRANGE = 0.1  # share of weighed lines that may look like another encoding: a file may be a mixture
_STRANGE = -11.5
_WEIGHED = 65_536  # bytes that likelihoods are taken of, from all over the file
_FEW = 16  # characters beyond ASCII; so few may be valid UTF-8 by chance
_PREVIEW = 24
_BEYOND = re.compile("[\u0800-\U0010ffff]")
_CONTROLS = re.compile(
    rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]|\x1b(?![$(\[])"
)  # escapes of ISO 2022 and of terminals may be

_OURS = ("gb18030", "cp950", "big5hkscs", "cp932", "euc_jp")
_CHINESE = ("gb18030", "cp950", "big5hkscs")
_NARROWER = {"big5hkscs": "cp950"}  # a superset, for files that the other can't read whole
_NOT_OURS = {"cp949": "hangul", "koi8_r": "cyrillic", "cp1251": "cyrillic", "cp1252": "latin"}
_WIDE = ("utf-16-le", "utf-16-be")
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ESCAPING = ("iso2022_jp_2", "iso2022_jp_ext")
_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b$(D", b"\x1b(J", b"\x1b(I")


@dataclass(frozen=True)
class Candidate:
    """An encoding that may be the file's: how many of its lines are broken in it, and how some of them read.

    The lines are every `every`th one beyond ASCII. What takes time to weigh is weighed when it is first asked for: in a
    folder of small files most candidates are out before.
    """

    encoding: str
    broken: float
    lines: tuple[str, ...]
    every: int = 1

    @cached_property
    def sample(self) -> str:
        """The lines, one below the other."""
        return "\n".join(self.lines)

    @cached_property
    def likelihood(self) -> Likelihood:
        """Of the sample."""
        return _likelihood(self.sample, self.encoding)

    @cached_property
    def strange(self) -> float:
        """The share of lines that hardly read as text."""
        return _strange(self.lines)

    @property
    def total(self) -> float:
        """The logarithm of the whole file's probability, as far as the weighed part tells. A reading with more
        characters to a byte is weighed on fewer lines."""
        return self.likelihood.total * self.every

    @property
    def preview(self) -> str:
        return " ".join(self.sample.split())[:_PREVIEW]

    @property
    def said(self) -> str:
        """`cp932: 経済の記事`, and how much of the file is broken in it, if anything is."""
        broken = f" ({max(self.broken, 0.001):.1%} of the lines broken)" if self.broken else ""
        return f"{self.encoding}{broken}: {self.preview}"

    @property
    def reads_well(self) -> bool:
        return self.likelihood.mean >= _PLAUSIBLE and self.strange <= _MOST_STRANGE


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: the encoding, empty where nobody can be sure, and what else it might be, the likeliest first."""

    encoding: str
    candidates: tuple[Candidate, ...] = ()


def detect(blocks: Blocks, *, name: str) -> str:
    """The encoding of a file; raises WenluError `encoding_unclear` with the candidates and a preview of each."""
    findings = examine(blocks)
    if findings.encoding:
        return findings.encoding
    shown = [one for one in findings.candidates if one.encoding not in _NOT_OURS]
    seen = "; ".join(one.said for one in shown[:4]) or "none fits"
    raise WenluError(
        "encoding_unclear",
        f"The encoding of {name} is not clear ({seen}).",
        hint="Say which: --encoding NAME on the command line, encoding: NAME in a recipe. Lines broken in it are left "
        "out and counted.",
    )


def examine(blocks: Blocks) -> Findings:
    """Look at every byte of a file, at most twice, and once more where nothing fits."""
    utf8 = _Utf8.of(blocks())
    if utf8.mark:
        [found] = _weighed(blocks(), [utf8.mark])
        return Findings(utf8.mark if found.broken <= _MOST_BROKEN else "", (found,))
    if utf8.fits and utf8.is_certain:
        return Findings("utf-8")
    wide = _WIDE if utf8.size % 2 == 0 else ()
    if not utf8.wide and not utf8.broken and utf8.controls:  # two bytes of UTF-16 may both look like ASCII
        readable = [one for one in _weighed(blocks(), wide) if one.reads_well]
        return _chosen(readable) if readable else Findings("utf-8")
    if utf8.escapes and not utf8.wide and not utf8.broken:
        return _chosen(_weighed(blocks(), _ESCAPING))
    weighed = _weighed(blocks(), [*_OURS, *_NOT_OURS, *wide, *(["utf-8"] if utf8.fits else [])])
    findings = _chosen(weighed)
    if any(one.encoding not in _NOT_OURS and one.reads_well for one in findings.candidates):
        return findings
    return Findings("", _nearest([*weighed, *_weighed(blocks(), ["utf-8"])]) or findings.candidates)


def _nearest(weighed: list[Candidate]) -> tuple[Candidate, ...]:
    """Of readings none of which fits, those that a person may still mean, the least broken first."""
    meant = [one for one in weighed if one.encoding not in _NOT_OURS and one.broken <= _MOST_MEANT and one.reads_well]
    return tuple(sorted(meant, key=lambda one: one.broken))


def _chosen(weighed: list[Candidate]) -> Findings:
    whole = {one.encoding for one in weighed if not one.broken}
    fitting = [one for one in weighed if one.broken <= _MOST_BROKEN and _NARROWER.get(one.encoding) not in whole]
    ranked = tuple(sorted(fitting, key=lambda one: -one.total))
    if not ranked:
        return Findings("")
    best, *others = ranked
    sure = best.encoding not in _NOT_OURS and best.reads_well and all(_beats(best, other) for other in others)
    return Findings(best.encoding if sure else "", ranked)


def _beats(best: Candidate, other: Candidate) -> bool:
    """If the one is beyond doubt the right one of the two, or both say the same.

    A short text must not win by small advantages alone: each character that is told apart has to speak for it. The
    bytes of UTF-16 read as digits and letters in any other encoding, which likelihoods by single characters don't mind.
    """
    differing = _differing(best.sample, other.sample)
    margin = (best.total - other.total) / max(best.every, other.every)
    if other.encoding in _WIDE and other.reads_well:
        return margin >= _SURE_WIDE
    return not differing or margin >= max(_SURE, min(_SURE_EACH * differing, 25 + differing / 5))


def _differing(one: str, other: str) -> int:
    """How many characters beyond ASCII of `one` the other does not have in the same place."""
    if len(one) != len(other):
        return sum(character > "\x7f" for character in one)
    return sum(mine != theirs for mine, theirs in zip(one, other, strict=True))


@dataclass(slots=True)
class _Utf8:
    """The first reading of a file: is it UTF-8, and if not, what else must be tried."""

    mark: str = ""
    size: int = 0
    lines: int = 0
    wide: int = 0
    """Lines beyond ASCII."""
    beyond: int = 0
    """Characters from U+0800 on, up to some: three bytes that fit together are hardly ever chance."""
    broken: int = 0
    escapes: bool = False
    controls: bool = False

    @classmethod
    def of(cls, blocks: Iterable[bytes]) -> _Utf8:
        seen = cls()
        for part in _whole_lines(blocks):
            seen._read(part)
        return seen

    @property
    def fits(self) -> bool:
        # The second bound: in a file that is almost all ASCII, 1 % of the lines may be everything that is Chinese.
        return self.broken <= self.lines * _MOST_BROKEN and self.broken * 10 <= self.wide

    @property
    def is_certain(self) -> bool:
        return (not self.wide and not self.escapes and not self.controls) or self.beyond > _FEW

    def _read(self, part: bytes) -> None:
        if not self.size:
            self.mark = _MARKS.get(part[:2], "")
        self.size += len(part)
        self.lines += part.count(b"\n") + (not part.endswith(b"\n"))
        if part.isascii():
            self.controls = self.controls or _CONTROLS.search(part) is not None
            self.escapes = self.escapes or any(escape in part for escape in _ESCAPES)
            return
        self.wide += _wide_lines(part)
        try:
            self._look(part.decode())
        except UnicodeDecodeError:
            self._by_line(part)

    def _by_line(self, part: bytes) -> None:
        for line in part.split(b"\n"):
            try:
                self._look(line.decode())
            except UnicodeDecodeError:
                self.broken += 1
                self.wide -= 1

    def _look(self, text: str) -> None:
        if self.beyond <= _FEW:
            self.beyond += sum(1 for _ in islice(_BEYOND.finditer(text), _FEW + 1))


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at line ends; a line that is longer than readers take is cut where UTF-8 may be."""
    rest = b""
    for block in blocks:
        joined = rest + block
        cut = joined.rfind(b"\n") + 1
        if not cut and len(joined) >= LONGEST_LINE:
            cut = _last_beginning(joined)
        if cut:
            yield joined[:cut]
        rest = joined[cut:]
    if rest:
        yield rest


def _last_beginning(content: bytes) -> int:
    """Where the last character of UTF-8 begins; the end, if there is none near it."""
    last = range(len(content) - 1, max(len(content) - 5, 0), -1)
    return next((place for place in last if content[place] & 0xC0 != 0x80), len(content))


@dataclass(slots=True)
class _Sample:
    """Lines beyond ASCII from all over a file: whenever there are too many, every second one goes."""

    lines: list[str] = field(default_factory=list)
    size: int = 0
    every: int = 1
    seen: int = 0

    def add(self, text: str) -> None:
        wide = [line for line in text.split("\n") if not line.isascii()]
        mine = wide[-self.seen % self.every :: self.every]
        self.seen += len(wide)
        for line in mine:
            self.lines.append(line[:_WEIGHED])
            self.size += len(self.lines[-1])
        while self.size > _WEIGHED and len(self.lines) > 1:
            self.lines = self.lines[::2]
            self.size = sum(map(len, self.lines))
            self.every *= 2


def _weighed(blocks: Iterable[bytes], encodings: Iterable[str]) -> list[Candidate]:
    """Decode all of a file in each encoding, and weigh some of what comes out."""
    weighing = [_Wide(name) if name in _WIDE else _Narrow(name) for name in encodings]
    for part in _whole_lines(blocks):
        for one in weighing:
            if not one.is_hopeless:
                one.read(part)
    return [one.candidate() for one in weighing]


@dataclass(slots=True)
class _Narrow:
    """One encoding, in which the bytes of a line's end are nothing else."""

    encoding: str
    lines: int = 0
    broken: int = 0
    sample: _Sample = field(default_factory=_Sample)

    @property
    def is_hopeless(self) -> bool:
        """If it is not worth reading on."""
        return self.broken > max(self.lines, 1_000) * _MOST_BROKEN * 10

    def read(self, part: bytes) -> None:
        if part.isascii() and b"\x1b" not in part:
            return
        self.lines += _wide_lines(part)
        try:
            self.sample.add(part.decode(self.encoding))
        except UnicodeDecodeError:
            self._by_line(part)

    def candidate(self) -> Candidate:
        broken = self.broken / max(self.lines, 1)
        return Candidate(self.encoding, broken, tuple(self.sample.lines), self.sample.every)

    def _by_line(self, part: bytes) -> None:
        for line in part.split(b"\n"):
            try:
                self.sample.add(line.decode(self.encoding))
            except UnicodeDecodeError:
                self.broken += 1


class _Wide(_Narrow):
    """UTF-16, in which bytes don't tell where lines end. A mark at the beginning is no part of the text."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self._decode = codecs.getincrementaldecoder(encoding)().decode

    def read(self, part: bytes) -> None:
        try:
            text = self._decode(part)
        except UnicodeDecodeError:
            self.broken = self.lines = 1_000_000
            return
        self.sample.add(text if self.lines else text.removeprefix("\ufeff"))
        self.lines += text.count("\n") + 1


def _wide_lines(part: bytes) -> int:
    """Lines beyond ASCII: the others say nothing about an encoding."""
    return sum(not line.isascii() or b"\x1b" in line for line in part.split(b"\n"))


def _likelihood(text: str, encoding: str) -> Likelihood:
    counts = Counter(text)
    if not counts:
        return NOTHING
    if encoding in _NOT_OURS:
        return likelihood(counts, _NOT_OURS[encoding])
    odd = _ODD_EACH * sum(1 for _ in _ODD.finditer(text))
    if encoding not in _CHINESE:
        return _less(best_language(text), odd)
    each, most = _UNUSUAL
    japanese = _less(likelihood(counts, "ja"), min(each * len(text), most))
    found = [likelihood(counts, "zh-Hans"), likelihood(counts, "zh-Hant"), japanese]
    return _less(max(found, key=lambda one: one.total), odd)


def _less(one: Likelihood, by: float) -> Likelihood:
    return replace(one, total=one.total - by)


def _strange(lines: Sequence[str]) -> float:
    """The share of lines that hardly read as text, among those long enough to tell."""
    told = [best_language(line).mean for line in lines[:400] if sum(character > "\x7f" for character in line) >= 6]
    return sum(mean < _STRANGE for mean in told) / len(told) if told else 0.0
