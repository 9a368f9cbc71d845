"""The fewest marks: for small models, which read a few hundred ids."""

from __future__ import annotations

from wenlu.text.chat.template import Template

PLAIN = Template(
    before={"system": "<system>", "user": "<user>", "assistant": "<assistant>"},
    after={"system": "", "user": "", "assistant": "<end>"},
)
