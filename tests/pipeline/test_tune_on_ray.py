"""A search whose trials are made on a Ray cluster of two nodes on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pipeline.test_tune import recipe, searched
from tests.training.test_ray import Nodes, nodes

from wenlu.base.errors import WenluError
from wenlu.base.events import Silent
from wenlu.pipeline.tune import tune
from wenlu.storage.workspace import Workspace

__all__ = ["nodes", "recipe"]  # fixtures

pytest.importorskip("optuna")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_nodes_make_trials_and_a_search_here_goes_on_from_them(nodes: Nodes, recipe: Path):
    found = tune(recipe, Workspace(recipe.parent / "root"), Silent(), budget=600, trials=4, cluster=nodes.address)
    assert len(found.tried) == 4
    own = {"training.optimizer.learning_rate": 1e-7, "model.filters": 8, "training.epochs": 4}
    assert own in [one.settings for one in found.tried]
    assert found.value > 0.6  # where the recipe's own rate learns nothing
    assert found.value == max(one.value or 0 for one in found.tried)

    again = searched(recipe, trials=5)
    assert len(again.tried) == 5
    assert found.value in [one.value for one in again.tried]


def test_a_cluster_that_is_not_there_is_a_sentence(recipe: Path):
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    with pytest.raises(WenluError) as caught:
        tune(recipe, Workspace(recipe.parent / "root"), Silent(), budget=60, trials=1, cluster="127.0.0.1:1")
    assert caught.value.code == "no_cluster"
