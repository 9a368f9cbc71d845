"""How a language model chooses what it writes."""

from __future__ import annotations

from wenlu.base.spec import Field, Spec


class Sampling(Spec):
    """How the next id is chosen. The defaults take the most likely one: the same text every time."""

    length: int = Field(64, ge=1, le=65_536, description="Ids written at most")
    temperature: float = Field(0.0, ge=0, le=10, description="0 takes the likeliest; 1 goes by the model's odds")
    top_k: int = Field(0, ge=0, description="Chooses among this many likeliest; 0 among all")
    top_p: float = Field(
        1.0, gt=0, le=1, description="Chooses among the fewest likeliest that weigh this much together"
    )
    seed: int = Field(1, ge=0, lt=2**31, description="Of chance")
