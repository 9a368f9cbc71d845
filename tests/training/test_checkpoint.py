from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from wenlu.training.checkpoint import Checkpoints, read_tensors, write_tensors

KINDS = (torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool)
TENSORS = {
    **{str(kind): torch.tensor([[0, 1, 1], [1, 0, 1]]).to(kind) for kind in KINDS},
    "turned": torch.arange(6.0).reshape(2, 3).T,
    "scalar": torch.tensor(3.5),
    "empty": torch.empty(0, 4),
    "名": torch.ones(1),
}


def test_tensors_of_every_kind_come_back_as_they_were(tmp_path: Path):
    write_tensors(tmp_path / "t", {"a": TENSORS, "b": {"x": torch.zeros(1)}}, {"step": 3, "说": "日本"})
    groups, state = read_tensors(tmp_path / "t")
    assert state == {"step": 3, "说": "日本"}
    assert groups["a"].keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert groups["a"][name].dtype == tensor.dtype
        assert torch.equal(groups["a"][name], tensor)


def test_the_file_is_what_safetensors_reads_whole(tmp_path: Path):
    write_tensors(tmp_path / "t.safetensors", {"a": TENSORS}, {})
    found = load_file(tmp_path / "t.safetensors")
    assert all(torch.equal(found[f"a/{name}"], tensor) for name, tensor in TENSORS.items())


def test_of_the_files_before_only_those_stay_that_are_asked_for(tmp_path: Path):
    kept = Checkpoints(tmp_path, keep=2)
    for step in (1, 2, 10):
        kept.write_best({"w": torch.tensor(float(step))}, number=step)
        kept.write({"model": {"w": torch.zeros(1)}}, {"at": step}, step=step, best=step)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best-10.safetensors", "step-10.safetensors", "step-2.safetensors"
    ]  # fmt: skip
    newest = kept.newest()
    assert newest is not None
    assert newest[1] == {"at": 10}
    assert kept.best(10)["w"] == 10


@pytest.mark.parametrize("cut", [0, 7, 40, -1])
def test_a_file_that_was_cut_off_is_never_read(tmp_path: Path, cut: int):
    from wenlu.base.errors import WenluError

    write_tensors(tmp_path / "t", {"a": TENSORS}, {})
    (tmp_path / "t").write_bytes((tmp_path / "t").read_bytes()[:cut])
    with pytest.raises(WenluError, match="can't be read"):
        read_tensors(tmp_path / "t")
