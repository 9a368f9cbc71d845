"""An MLflow server, told over its REST interface: its own client takes six seconds to load and a hundred megabytes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec

from wenlu.base.errors import WenluError

_PATIENCE = 5.0
_TOGETHER, _AT_LEAST_EVERY = 200, 5.0  # measures in one message, seconds between two
_MOST_PARAMETERS, _LONGEST = 100, 500  # that one message may have
_NO_NAME = re.compile(r"[^\w\-. /]")  # what the name of a measure may not have


class MlflowTracker:
    """A run in the experiment of the model's name, at the server that `MLFLOW_TRACKING_URI` names."""

    def __init__(self, folder: Path, *, name: str, run: str, settings: Mapping[str, str]) -> None:
        """Raises WenluError `no_tracker` if the server can't be reached: better now than in an hour."""
        address = os.environ.get("MLFLOW_TRACKING_URI", "")
        if not address.startswith(("http://", "https://")):
            raise WenluError(
                "no_tracker",
                f"MLFLOW_TRACKING_URI is '{address}', and should be the address of an MLflow server.",
                hint="MLFLOW_TRACKING_URI=http://127.0.0.1:5001 wenlu run …",
            )
        self._client = httpx.Client(base_url=f"{address.rstrip('/')}/api/2.0/mlflow/", timeout=_PATIENCE)
        self._waiting: list[dict[str, Any]] = []
        self._sent = time.monotonic()
        try:
            self._run = self._begun(name, run)
            parameters = [{"key": key, "value": value[:_LONGEST]} for key, value in settings.items()]
            for start in range(0, len(parameters), _MOST_PARAMETERS):
                self._ask("runs/log-batch", run_id=self._run, params=parameters[start : start + _MOST_PARAMETERS])
        except (httpx.HTTPError, KeyError, TypeError, msgspec.MsgspecError) as error:
            raise WenluError("no_tracker", f"The MLflow server at {address} can't be used: {error}.") from None

    def measured(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        stage, now = _NO_NAME.sub("", stage), time.time_ns() // 1_000_000
        self._waiting += [
            {"key": f"{stage}/{measure}", "value": value, "timestamp": now, "step": step}
            for measure, value in values.items()
        ]
        if len(self._waiting) >= _TOGETHER or time.monotonic() - self._sent > _AT_LEAST_EVERY:
            self._send()

    def wrote(self, stage: str, step: int, prompt: str, text: str) -> None:
        """As a tag of the run, which holds what was written last: texts have no curves there."""
        key = f"{_NO_NAME.sub('', stage)} {_NO_NAME.sub('', prompt)}".strip()
        self._try("runs/set-tag", run_id=self._run, key=key, value=f"{step}: {prompt}{text}"[:_LONGEST])

    def close(self, *, succeeded: bool) -> None:
        self._send()
        state = "FINISHED" if succeeded else "FAILED"
        self._try("runs/update", run_id=self._run, status=state, end_time=time.time_ns() // 1_000_000)
        self._client.close()

    def _begun(self, name: str, run: str) -> str:
        found = self._client.get("experiments/get-by-name", params={"experiment_name": name})
        if found.is_success:
            experiment = msgspec.json.decode(found.content)["experiment"]["experiment_id"]
        else:
            experiment = self._ask("experiments/create", name=name)["experiment_id"]
        now = time.time_ns() // 1_000_000
        created = self._ask("runs/create", experiment_id=experiment, run_name=run, start_time=now)
        return str(created["run"]["info"]["run_id"])

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._sent = time.monotonic()
        if waiting:
            self._try("runs/log-batch", run_id=self._run, metrics=waiting)

    def _try(self, path: str, **content: Any) -> None:
        """A server that is gone loses its curves; the training goes on."""
        try:
            self._ask(path, **content)
        except httpx.HTTPError:
            return

    def _ask(self, path: str, **content: Any) -> Any:
        answer = self._client.post(path, json=content)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content)
