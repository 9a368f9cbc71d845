"""Trials of a search on the nodes of a Ray cluster, by Ray Tune: as many at once as there are processors or GPUs.

The nodes must see the workspace at the same path, and have the same Wenlu. What is known of the trials is in Optuna's
file of the search, as it is when they are made here, so a search may go on in either way.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from wenlu.base.cluster import connected
from wenlu.base.errors import WenluError, missing_package

Value = Callable[[Mapping[str, Any], Callable[[float], None]], float]
"""What settings come to, after telling the value of each look at validation."""

_VALUE = "value"
_RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as its nodes read it; `space` has Optuna's distributions."""

    name: str
    log: Path
    space: Mapping[str, Any]
    own: Mapping[str, Any] | None
    more_is_better: bool
    seed: int
    budget: float
    trials: int | None
    value: Value
    gpu: bool = False

    @property
    def mode(self) -> str:
        return "max" if self.more_is_better else "min"


def search_on_ray(asked: Asked, *, address: str) -> None:
    """Make trials until the time is up; raises WenluError `no_cluster`, `cluster_failed`, or what all trials raised."""
    ray = connected(address)
    try:
        # on the cluster itself: who is connected by ray:// can't start a search
        fit: Any = ray.remote(num_cpus=0)(_fit)
        refusal = ray.get(fit.remote(asked))
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None) or error
        raise WenluError(
            "cluster_failed",
            f"The search on the Ray cluster failed: {str(cause).strip().splitlines()[-1]}",
            hint="Is the same Wenlu installed on every node, and is the workspace at the same path there?",
        ) from None
    finally:
        ray.shutdown()
    if refusal is not None:
        raise refusal


def _fit(asked: Asked) -> WenluError | None:
    """On a node: let Ray Tune make the trials; the refusal of the last one, where none came to an end."""
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    try:
        from ray import tune
        from ray.tune.schedulers import MedianStoppingRule
    except ImportError:
        raise missing_package("ray[tune]", extra="ray") from None
    found = tune.Tuner(
        tune.with_resources(partial(_attempt, asked=asked), {"gpu": 1} if asked.gpu else {"cpu": 1}),
        tune_config=tune.TuneConfig(
            search_alg=_searcher(asked),
            scheduler=MedianStoppingRule(metric=_VALUE, mode=asked.mode, grace_period=2, min_samples_required=4),
            num_samples=asked.trials or -1,
            time_budget_s=asked.budget,
        ),
        run_config=tune.RunConfig(
            name=secrets.token_hex(4),
            storage_path=str(asked.log.parent / "ray"),
            failure_config=tune.FailureConfig(max_failures=_RESTARTS),
            verbose=0,
        ),
    ).fit()
    refusals = [error for error in found.errors if isinstance(error, WenluError)]
    return refusals[-1] if refusals and len(refusals) == len(found) else None


def _searcher(asked: Asked) -> Any:
    """Optuna, with what it knows of this search from before."""
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage
    from ray.tune.search.optuna import OptunaSearch

    return OptunaSearch(
        space=dict(asked.space),
        metric=_VALUE,
        mode=asked.mode,
        points_to_evaluate=[dict(asked.own)] if asked.own else None,
        sampler=optuna.samplers.TPESampler(seed=asked.seed),
        study_name=asked.name,
        storage=JournalStorage(JournalFileBackend(str(asked.log))),
    )


def _attempt(chosen: dict[str, Any], *, asked: Asked) -> None:
    """One trial, on one processor or GPU."""
    import torch
    from ray import tune

    torch.set_num_threads(1)
    best = asked.value(chosen, lambda value: tune.report({_VALUE: value}))
    tune.report({_VALUE: best})
