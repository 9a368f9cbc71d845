"""How a model from text to text looks for its answer."""

from __future__ import annotations

from wenlu.base.spec import Field, Spec


class Decoding(Spec):
    """Chance has no part in it: the same text gets the same answer every time. The defaults take the likeliest id."""

    length: int = Field(64, ge=1, le=65_536, description="Ids written at most")
    beams: int = Field(1, ge=1, le=64, description="Answers that are followed side by side; 1 is greedy")
    length_penalty: float = Field(
        1.0,
        ge=0,
        le=4,
        description="An answer's likelihood is divided by its ids to this power: more favours long ones",
    )
    no_repeat: int = Field(0, ge=0, le=32, description="No run of so many ids is written twice; 0 allows any")
