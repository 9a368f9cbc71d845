"""Every contender of a recipe through its stages."""

from __future__ import annotations

import time
from collections.abc import Callable

from wenlu.base.errors import WenluError
from wenlu.pipeline.flows.flow import Flow
from wenlu.pipeline.recipe import Contender
from wenlu.pipeline.stages.shelving import Contended

Contend = Callable[[Flow, str, Contender], Contended]


def contest(flow: Flow, contend: Contend) -> list[Contended]:
    """The user's contender and the trivial one, in this order.

    With `model: auto` the trivial one is trained first, then what is tried, as long as there is time; what can't be
    trained is left out, and said.
    """
    contenders = flow.recipe.contenders()
    auto = flow.recipe.auto
    if auto is None:
        return [contend(flow, name, contender) for name, contender in contenders.items()]
    *tried, (trivial, beside) = contenders.items()
    started = time.monotonic()
    baseline = contend(flow, trivial, beside)
    ended: list[Contended] = []
    for name, contender in tried:
        if time.monotonic() - started > 60 * auto.minutes:
            flow.events.result(f"{name} is left out: the {auto.minutes:g} minutes are over")
            continue
        try:
            ended.append(contend(flow, name, contender))
        except WenluError as error:
            flow.events.result(f"{name} is left out: {error}")
    together = [*ended, baseline]
    for line in table_of(together):
        flow.events.result(line)
    return together


def table_of(contended: list[Contended]) -> list[str]:
    """What each came to, a line each, for people."""
    widest = max(len(one.name) for one in contended)
    return [
        f"{one.name:{widest}}  "
        + "  ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in one.evaluation.result.items())
        + f"  {one.training.result['seconds']:,.0f} s  {one.training.result['parameters']:,} parameters"
        for one in contended
    ]
