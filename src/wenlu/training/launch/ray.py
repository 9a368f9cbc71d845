"""Processes on the nodes of a Ray cluster, by Ray Train.

The nodes must see the workspace at the same path, and have the same Wenlu. A node that is lost costs what was done
since the last checkpoint, once there is room for its processes again.
"""

from __future__ import annotations

import secrets
from typing import Any

import torch

from wenlu.base.cluster import connected
from wenlu.base.crew import processors
from wenlu.base.errors import WenluError, missing_package
from wenlu.training.group import GPU_BACKEND, PATIENCE
from wenlu.training.launch.worker import RESTARTS, Launched, do


def launch(launched: Launched, *, processes: int, device: str, address: str | None = None) -> None:
    """Raises WenluError: what a process raised, `no_cluster`, `too_few_nodes`, or `cluster_failed`."""
    ray = connected(address or "auto")
    try:
        gpus = _with_gpus(ray.cluster_resources(), processes, device)
        # on the cluster itself: who is connected by ray:// can't start a training
        fit: Any = ray.remote(num_cpus=0, max_retries=RESTARTS)(_fit)
        ray.get(fit.remote(launched, processes, gpus))
    except ray.exceptions.RayError as error:
        launched.raise_refusal()
        raise _failed(error) from None
    finally:
        ray.shutdown()
    launched.raise_refusal()


def _with_gpus(there: dict[str, float], processes: int, device: str) -> bool:
    """Whether each process gets a GPU; raises WenluError `too_few_nodes` where Ray would wait for ever."""
    gpus = device == "cuda" or (device == "auto" and there.get("GPU", 0) >= processes)
    for kind, name in (("CPU", "processors"), *([("GPU", "GPUs")] if gpus else [])):
        if there.get(kind, 0) < processes:
            raise WenluError(
                "too_few_nodes",
                f"The cluster has {there.get(kind, 0):.0f} {name}, and training.processes is {processes}.",
                hint="Take fewer, or add nodes: ray start --address=HEAD:6379.",
            )
    return gpus


def _fit(launched: Launched, processes: int, gpus: bool) -> None:
    """On a node: start the processes, and start them again where some are lost."""
    try:
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.torch import TorchConfig, TorchTrainer
    except ImportError:
        raise missing_package("ray[train]", extra="ray") from None
    TorchTrainer(
        _work,
        train_loop_config={"launched": launched},
        torch_config=TorchConfig(backend=GPU_BACKEND if gpus else "gloo", timeout_s=int(PATIENCE.total_seconds())),
        scaling_config=ScalingConfig(num_workers=processes, use_gpu=gpus),
        run_config=RunConfig(
            name=secrets.token_hex(4),
            storage_path=str(launched.job.parent / "ray"),
            failure_config=FailureConfig(max_failures=RESTARTS),
        ),
    ).fit()


def _work(config: dict[str, Any]) -> None:
    """What a process does. Ray gives it a thread for each processor it counts; the machine may have more."""
    torch.set_num_threads(processors())
    do(config["launched"])


def _failed(error: Exception) -> WenluError:
    cause = getattr(error, "cause", None) or error
    for found in (cause, *getattr(cause, "worker_failures", {}).values()):
        if isinstance(found, WenluError):
            return found
    return WenluError(
        "cluster_failed",
        f"The training on the Ray cluster failed: {str(cause).strip().splitlines()[-1]}",
        hint="Is the same Wenlu installed on every node? The same command goes on from the last checkpoint.",
    )
