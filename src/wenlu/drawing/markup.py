"""HTML built from values: whatever is not marked up already is escaped, so nothing can be forgotten."""

from __future__ import annotations

import html
import math

# Tags that have no content and no end.
_VOID = frozenset({"meta", "br", "hr"})

# Controls show as their pictures (␀ for NUL): browsers drop or misread them. Tab and line feed are plain text. Half a
# surrogate pair can't be written as UTF-8 at all.
_SHOWN = {
    **{code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: 0x2421,
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """`text` as HTML that shows it, marked-up text as it is.

    >>> escaped("<b>&") , escaped(Markup("<b>"))
    ('&lt;b&gt;&amp;', '<b>')
    """
    return text if isinstance(text, Markup) else Markup(html.escape(text.translate(_SHOWN)))


def tag(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """An element. In attribute names a trailing underscore goes, others become hyphens.

    >>> tag("p", "1 < 2", tag("br"), class_="note", data_x=2.50)
    '<p class="note" data-x="2.5">1 &lt; 2<br></p>'
    """
    inside = "".join(f' {_attribute(key)}="{escaped(_value(value))}"' for key, value in attributes.items())
    start = f"<{name}{inside}>"
    return Markup(start if name in _VOID else f"{start}{joined(*children)}</{name}>")


def joined(*parts: str) -> Markup:
    """Parts one after the other."""
    return Markup("".join(escaped(part) for part in parts))


def named(text: str, **attributes: str) -> Markup:
    """Words of a user, kept apart from ours: their direction marks end where they end."""
    return tag("bdi", text, **attributes)


def number(value: float) -> str:
    """At most three decimals; raises ValueError for what no drawing can hold.

    >>> number(2.5), number(3.0), number(1 / 3)
    ('2.5', '3', '0.333')
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} can't be drawn")
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)
