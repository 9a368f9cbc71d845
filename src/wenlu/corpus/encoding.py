"""Which encoding a file is in. Looks at every line, and never guesses silently.

Strict decoding alone can't tell: the CP932 bytes of 経済の記事 are valid GB18030 for 宱嵪偺婰帠. So each is also
scored by how plausible its characters are: how many are among those that its national standard lists first (GB 2312
level 1, JIS X 0208 level 1 and kana). The right decoding scores high, a wrong one gives rare characters.

That is not enough for GB18030: EUC-KR and EUC-JP put their characters into the very same rows. So a fifth of the
characters must also be among the 500 most used ones: in running Chinese two thirds are, in a list of names a quarter,
in EUC-KR or EUC-JP read as GB18030 one in eight.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from wenlu.base.errors import WenluError

_MOST_BROKEN = 0.01  # share of lines that may be broken in the right encoding
_MOST_BROKEN_WIDE = 0.1  # for each line beyond ASCII that is whole
_PLAUSIBLE = 0.7
_MARGIN = 0.2
_EVERYDAY = 0.2
_PREVIEW = 24
_WIDE_PUNCTUATION = frozenset("　、。，！？：；「」『』（）《》〈〉【】“”‘’…—・ー〜～％＋－＝／＆＃＊")
# Counted over reviews, news, papers, app descriptions and a novelist of the 1920s, each with the same weight.
_MOST_USED = frozenset(
    "的一是不了有人在大中为国我上这用学和时生个新以能年来对可出分到行发要本子多么地好小家高也下方还动会看后成就于你现机自过作说文很他理开日点全性们美实得之图法与最间天化业度都房体手进更车面没价内提书工合月"
    "经电主而比公定如者力三心金里所务同网将服无通什等前明系种二程结事然基数平其信道品加市应量果去元特样重产起游相女水长入想名万场物考被外但因期知关意情店资第利十题当海计战及打些联表感活线只统解真制部那问单"
    "西交着何教酒次优式流民两正位建便东区代并容级回论别变收安台给让影世快已买模话组从设老太视强保型常选报友北商员装件研专总界推质户科门热传做较四见功再原验指住身光语值怎气评精觉使增算又城复目术费直股己客超"
    "反格戏色记星球究京款错头空试效非展风首五持爱技管速此少布先受接运析据读马该称类音盘路周山或口测社标造差南九完华英卡放字神器吗向改宝才支近斯即创几赛钱军微调版政乐玩达各供求随集您观率低查却至儿师导修清显"
    "每号取预走带立息死证送态育义片王具花包广白任男节处准频响张且士升由存决司难投像配今连认需校命未购居火注形红构源哪享喜获置离易备确助转告领欢整足农议步声艺望货深言百录医约思习环孩景识早续林参条尔示引队德"
)


@dataclass(slots=True)
class _Candidate:
    """One encoding and what decoding line after line with it gave."""

    name: str
    lines: int = 0
    broken: int = 0
    plausible: int = 0
    wide: int = 0
    ideographs: int = 0
    everyday: int = 0
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
        if self.name == "gb18030":
            self.ideographs += sum(character >= "\u4e00" for character in wide)
            self.everyday += sum(character in _MOST_USED for character in wide)
        if wide and not self.preview:
            self.preview = text.strip()[:_PREVIEW]

    @property
    def fits(self) -> bool:
        return self.broken <= self.lines * _MOST_BROKEN and self.wide > 0

    @property
    def score(self) -> float:
        return self.plausible / max(self.wide, 1)

    @property
    def ordinary(self) -> bool:
        """If it reads like running text, not like characters of the right rows by chance."""
        return self.everyday >= self.ideographs * _EVERYDAY


@dataclass(slots=True)
class _Utf8:
    """UTF-8 needs no scoring: other encodings' bytes are hardly ever valid UTF-8."""

    lines: int = 0
    wide: int = 0
    broken: int = 0

    def read(self, line: bytes) -> None:
        self.lines += 1
        try:
            self.wide += not line.decode("utf-8").isascii()
        except UnicodeDecodeError:
            self.broken += 1

    @property
    def fits(self) -> bool:
        # The second bound: in a file that is almost all ASCII, 1 % of the lines may be everything that is Chinese.
        return self.broken <= self.lines * _MOST_BROKEN and self.broken <= self.wide * _MOST_BROKEN_WIDE


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
    if best.score >= _PLAUSIBLE and margin >= _MARGIN and best.ordinary:
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
