"""What people write: YAML without surprises, and settings laid over it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from wenlu.base.errors import WenluError


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice, where plain YAML silently keeps the last."""


def _mapping_without_doubles(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' stands twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


# YAML 1.1 takes 1e-4 for a word, and everybody means a number.
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)
_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_doubles)


def _yaml(written: str) -> Any:
    return yaml.load(written, Loader=_StrictLoader)  # noqa: S506  (a SafeLoader)


def read_yaml(written: str, *, where: str) -> dict[str, Any]:
    """A mapping in which nothing is shared; raises WenluError `bad_yaml` (with line)."""
    try:
        data = _yaml(written)
    except yaml.YAMLError as error:
        raise WenluError("bad_yaml", f"{where} is not YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(data, dict):
        raise WenluError("bad_yaml", f"{where} should hold a mapping of settings, and holds {type(data).__name__}.")
    return {key: _unshared(value) for key, value in data.items()}


def _unshared(data: Any) -> Any:
    """A copy in which nothing is shared: a setting laid over one use of a YAML anchor must not change the others."""
    if isinstance(data, dict):
        return {key: _unshared(value) for key, value in data.items()}
    return [_unshared(value) for value in data] if isinstance(data, list) else data


def lay_over(data: dict[str, Any], setting: str) -> None:
    """Set one `key.key=value`; the value is YAML. Raises WenluError `bad_setting`, `bad_yaml`."""
    key, equals, value = setting.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise WenluError(
            "bad_setting", f"'{setting}' is not of the form key.key=value.", hint="--set training.epochs=3"
        )
    current: Any = data
    for part in path[:-1]:
        below = current.get(part)
        if isinstance(below, str):  # `model: lstm` in short; its settings want the long form
            below = current[part] = {"name": below}
        current = current.setdefault(part, {})
        if not isinstance(current, Mapping):
            raise WenluError("bad_setting", f"'{key}': {part} holds no settings of its own.")
    try:
        current[path[-1]] = _yaml(value)
    except yaml.YAMLError as error:
        raise WenluError("bad_yaml", f"'{setting}': the value is not YAML: {' '.join(str(error).split())}.") from None


def at(data: Any, path: str) -> Any:
    """What stands at a dotted path, None if nothing does."""
    for part in path.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data
