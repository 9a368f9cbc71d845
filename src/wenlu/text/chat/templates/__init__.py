"""Layouts of conversations: one file each, one row here."""

from __future__ import annotations

from wenlu.base.table import Table

TEMPLATES = Table(
    "template",
    {
        "chatml": "wenlu.text.chat.templates.chatml:CHATML",
        "plain": "wenlu.text.chat.templates.plain:PLAIN",
    },
)
"""By name: a `Template`."""
