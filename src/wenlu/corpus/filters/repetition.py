"""Texts that say the same over and over."""

from __future__ import annotations

from wenlu.base.spec import Field, Spec


class Repetition:
    """Refuses as `repetition` what consists mostly of runs of characters it has had before (Rae et al. 2021, A.1.1,
    counted in characters since words have no spaces here).

    >>> refuse = Repetition(Repetition.Config(shortest=10))
    >>> [refuse("今天天气很好，我们去公园散步吧。"), refuse("好评好评好评好评好评好评")]
    ['', 'repetition']
    """

    class Config(Spec):
        most: float = Field(0.6, ge=0, le=1, description="Share of the runs that may be repetitions of an earlier one")
        run: int = Field(4, ge=1, le=64, description="Characters of a run")
        shortest: int = Field(20, ge=1, description="Characters; a shorter text is not looked at")

    def __init__(self, config: Config) -> None:
        self._config = config

    def __call__(self, body: str) -> str:
        runs = len(body) - self._config.run + 1
        if len(body) < self._config.shortest or runs < 1:
            return ""
        distinct = len({body[start : start + self._config.run] for start in range(runs)})
        return "repetition" if runs - distinct > runs * self._config.most else ""
