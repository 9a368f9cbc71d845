"""ChatML, which most programs know."""

from __future__ import annotations

from wenlu.text.chat.template import Template

_END = "<|im_end|>\n"

CHATML = Template(
    before={
        "system": "<|im_start|>system\n",
        "user": "<|im_start|>user\n",
        "assistant": "<|im_start|>assistant\n",
    },
    after={"system": _END, "user": _END, "assistant": _END},
)
