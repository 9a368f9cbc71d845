"""A model of conversations, ready to answer in this process."""

from __future__ import annotations

from pathlib import Path

from wenlu.base.errors import WenluError
from wenlu.bundle.chat import Chat
from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.serving.runtimes import WRITERS
from wenlu.storage.workspace import Workspace


def open_chat(model: str, *, root: Path | None = None) -> Chat:
    """The model of that name, `name@version` or folder, in the workspace at `root` (`WENLU_ROOT`, else `.wenlu`).

    Raises WenluError: `unknown_model`, `no_chat`, and what opening a bundle raises.
    """
    if model.startswith(("http://", "https://")):
        raise WenluError("no_chat", "A service does not hold conversations yet.", hint="Name a model of this machine.")
    bundle = open_bundle(find_model(Workspace.at(root), model))
    return Chat(bundle, WRITERS["torch"](bundle))
