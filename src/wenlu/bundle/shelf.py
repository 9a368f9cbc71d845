"""Where a workspace keeps its models: `models/<name>/<version>/`, and which version of a name is the current one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.bundle.manifest import MANIFEST, Manifest
from wenlu.bundle.seal import read_manifest
from wenlu.storage.local import write_atomic
from wenlu.storage.names import checked_name
from wenlu.storage.workspace import Workspace

_CURRENT = "current.json"


def find_model(workspace: Workspace, reference: str) -> Path:
    """The folder of `name`, `name@version`, or of a bundle given by its path.

    Raises WenluError `unknown_model` with the nearest name.
    """
    if (Path(reference) / MANIFEST).is_file():
        return Path(reference)
    if "/" in reference:
        raise WenluError(
            "unknown_model", f"There is no bundle in the folder {reference}.", hint="See: wenlu model list"
        )
    name, _, version = reference.partition("@")
    checked_name(name, what="model")
    folder = (
        workspace.models
        / name
        / (checked_name(version, what="version") if version else current_version(workspace, name))
    )
    if not (folder / MANIFEST).is_file():
        raise _unknown(workspace, reference)
    return folder


def current_version(workspace: Workspace, name: str) -> str:
    """The version that `name` alone means; raises WenluError `unknown_model`."""
    try:
        return msgspec.json.decode((workspace.models / name / _CURRENT).read_bytes(), type=dict[str, str])["version"]
    except FileNotFoundError:
        raise _unknown(workspace, name) from None


def make_current(workspace: Workspace, name: str, version: str) -> None:
    """From now on `name` alone means this version."""
    write_atomic(workspace.models / name / _CURRENT, msgspec.json.encode({"version": version}))


def list_models(workspace: Workspace) -> Iterator[tuple[Manifest, bool]]:
    """Every model's manifest by name and age, and whether it is its name's current version."""
    for folder in sorted(workspace.models.glob("[a-z0-9]*/")):
        manifests = [read_manifest(path.parent) for path in folder.glob(f"[a-z0-9]*/{MANIFEST}")]
        current = current_version(workspace, folder.name) if (folder / _CURRENT).exists() else None
        for manifest in sorted(manifests, key=lambda manifest: manifest.created):
            yield manifest, manifest.version == current


def _unknown(workspace: Workspace, reference: str) -> WenluError:
    known = sorted({manifest.name for manifest, _ in list_models(workspace)})
    near = did_you_mean(reference.partition("@")[0], [name for name in known if name != reference])
    listed = f"Known: {', '.join(known)}." if known else "Train one first: wenlu run recipes/seed-lstm.yaml"
    return WenluError("unknown_model", f"There is no model '{reference}' in {workspace.models}.{near}", hint=listed)
