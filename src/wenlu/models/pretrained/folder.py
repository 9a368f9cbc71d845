"""A model that somebody else trained, as it lies on this disk: a Hugging Face folder, or a GGUF file.

What is read here decides what may be opened at all. Nothing is fetched, nothing that could run code is read: no pickle,
no module that a configuration names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from wenlu.base.errors import WenluError, did_you_mean
from wenlu.models.pretrained.library import quietly
from wenlu.storage.local import sha256_file

CONFIG, INDEX = "config.json", "model.safetensors.index.json"
_LARGEST = 16 * 1024 * 1024  # bytes of a configuration or an index: the largest in use take 2 MB
_OF_THEIR_TIME = ("_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version")
# These count places from behind the id of padding, so they know fewer places than they have vectors for.
_FROM_PADDING = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "roberta-prelayernorm", "xmod", "mpnet")


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or GGUF file that may be opened, and its configuration without what hangs on its place and time."""

    path: Path
    architecture: dict[str, Any]

    @property
    def where(self) -> dict[str, str]:
        """What transformers calls it by."""
        return called(self.path)

    def files(self) -> dict[str, str]:
        """SHA-256 of each file that decides what the model is, by name."""
        found = [self.path] if is_gguf(self.path) else [self.path / CONFIG, *_weights(self.path)]
        return {path.name: sha256_file(path) for path in found}


def open_source(path: str) -> Source:
    """What lies at `path`.

    Raises WenluError: `no_model_folder`, `not_a_model`, `pickled_weights`, `remote_code`, `an_adapter`, `quantised`,
    `unknown_architecture`.
    """
    place = Path(path)
    if is_gguf(place):
        return Source(place, _of_gguf(place.resolve(), place.stat().st_mtime_ns if place.is_file() else 0))
    if not path or not place.is_dir():
        raise WenluError(
            "no_model_folder",
            f"There is no folder '{path}' to take a pretrained model from.",
            hint="Set model.path to a folder with config.json and *.safetensors, or to a .gguf file.",
        )
    if (place / "adapter_config.json").exists():
        raise WenluError(
            "an_adapter",
            f"{path} holds an adapter, which would draw in another model from elsewhere.",
            hint="Merge it into its model where it was made, and save that (merge_and_unload in peft).",
        )
    architecture = checked_architecture(_config(place), where=path)
    _weights(place)
    return Source(place, architecture)


def is_gguf(path: Path) -> bool:
    return path.suffix.lower() == ".gguf"


def called(path: Path) -> dict[str, str]:
    """The arguments by which transformers is told of a folder or a GGUF file, both on this disk."""
    if is_gguf(path):
        return {"pretrained_model_name_or_path": str(path.parent.resolve()), "gguf_file": path.name}
    return {"pretrained_model_name_or_path": str(path.resolve())}


def checked_architecture(config: dict[str, Any], *, where: str) -> dict[str, Any]:
    """What a configuration says of a network; raises WenluError where it wants code of its own, or names none that the
    installed transformers knows."""
    if "auto_map" in config:
        raise WenluError(
            "remote_code",
            f"{where} names code of its own (auto_map), which would be run.",
            hint="Take a folder whose architecture is part of transformers.",
        )
    if "quantization_config" in config:
        raise WenluError(
            "quantised",
            f"{where} has quantised weights, which can't be trained.",
            hint="Take the folder that they were made from, or a GGUF file, whose weights are read as float32.",
        )
    kind = config.get("model_type")
    if not isinstance(kind, str):
        raise WenluError("not_a_model", f"{where} names no architecture (model_type in {CONFIG}).")
    known = _known()
    if kind not in known:
        raise WenluError(
            "unknown_architecture",
            f"The installed transformers has no architecture '{kind}', which {where} names.{did_you_mean(kind, known)}",
            hint="A newer transformers may have it.",
        )
    return {key: value for key, value in config.items() if key not in _OF_THEIR_TIME}


def places(architecture: dict[str, Any]) -> int | None:
    """How many ids in a row it knows the order of, None where there is no end."""
    named = ("max_position_embeddings", "n_positions", "max_sequence_length")
    known = next((number for name in named if isinstance(number := architecture.get(name), int)), None)
    if known is None or known < 1:
        return None
    if architecture["model_type"] in _FROM_PADDING:
        known -= int(architecture.get("pad_token_id", 1)) + 1
    sliding = architecture.get("sliding_window")
    return min(known, sliding) if isinstance(sliding, int) and architecture.get("use_sliding_window", True) else known


def writes(architecture: dict[str, Any]) -> bool:
    """Whether it reads from left to right, and so can write on."""
    with quietly():
        from transformers.models.auto import modeling_auto
    kind = architecture["model_type"]
    return (
        kind in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and kind not in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    )


def _known() -> frozenset[str]:
    with quietly():
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    return frozenset(CONFIG_MAPPING)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not path.is_file():
        raise WenluError(
            "not_a_model", f"{folder} holds no {CONFIG}, so it is no Hugging Face folder.", hint="See: ls the folder"
        )
    return _json(path)


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise WenluError("not_a_model", f"{path} is over {_LARGEST // 1024**2} MB.")
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WenluError("not_a_model", f"{path} can't be read: {error}.") from None


def _weights(folder: Path) -> list[Path]:
    """The files of weights, and what divides weights among them; raises WenluError `not_a_model`, `pickled_weights`."""
    if (folder / INDEX).is_file():
        shares = _json(folder / INDEX).get("weight_map", {})
        named = sorted({Path(str(name)).name for name in dict(shares).values()})
        if missing := [name for name in named if not (folder / name).is_file()]:
            raise WenluError("not_a_model", f"{folder} lacks {', '.join(missing)}, which {INDEX} names.")
        return [folder / INDEX, *(folder / name for name in named)]
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if pickles := sorted(path.name for path in folder.glob("*.bin")):
        raise WenluError(
            "pickled_weights",
            f"The weights of {folder} are pickles ({pickles[0]}), which can run code when they are read.",
            hint="Where you trust them: AutoModel.from_pretrained(FOLDER).save_pretrained(NEW) writes safetensors.",
        )
    raise WenluError("not_a_model", f"{folder} holds no weights (model.safetensors).")


@lru_cache(4)
def _of_gguf(path: Path, changed: int) -> dict[str, Any]:
    """The configuration that transformers reads from a GGUF file; it takes seconds, so it is remembered."""
    if not path.is_file():
        raise WenluError("no_model_folder", f"There is no file {path}.", hint="Set model.path to a .gguf file.")
    with quietly():
        from transformers import AutoConfig

        try:
            config = AutoConfig.from_pretrained(**called(path), local_files_only=True, trust_remote_code=False)
        except ImportError as error:
            raise WenluError("missing_package", f"{error}", hint="pip install 'wenlu[hf]'") from None
        except Exception as error:  # a damaged file raises whatever numpy or gguf stumble over
            raise WenluError("not_a_model", f"{path} can't be read as GGUF: {error}.") from None
    return checked_architecture(msgspec.json.decode(config.to_json_string(use_diff=False)), where=str(path))
