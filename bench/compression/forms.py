"""A classifier before and after compression: accuracy with interval, size, latency and throughput, in one run.

    python bench/compression/forms.py --root .wenlu thucnews@VERSION int8 prune+int8 prune,vectors=0.7+int8

Each chain's form is made from the model, then all are measured by turns; nothing is put on the shelf.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from wenlu.bundle.seal import open_bundle
from wenlu.bundle.shelf import find_model
from wenlu.cli.terminal import Terminal
from wenlu.compression.form import Forms
from wenlu.compression.means import Means
from wenlu.compression.measure import Figures, Measurable, measured
from wenlu.corpus.version import DatasetVersion
from wenlu.pipeline.compress import CHAINS, read_chain
from wenlu.serving.runtimes import RUNTIMES
from wenlu.storage.workspace import Workspace

_HEAD = (
    "| form | test accuracy (95 %) | points | size | p50 / p95 ms | texts/s | times | computing, times | differ |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("chains", nargs="*", help="Left out: the usual ones, or none where others stand beside")
    parser.add_argument("--root", default=None)
    parser.add_argument("--beside", action="append", default=[], help="Another model, such as a student of this one")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    chains = asked.chains or (() if asked.beside else CHAINS)
    workspace = Workspace.at(asked.root)
    bundle = open_bundle(find_model(workspace, asked.model))
    dataset = DatasetVersion.open(workspace, bundle.manifest.lineage.dataset)
    with tempfile.TemporaryDirectory() as work:
        means = Means(
            dataset,
            lambda other: DatasetVersion.open(workspace, other),
            RUNTIMES["torch"],
            RUNTIMES["onnx"],
            Terminal(),
            Path(work),
        )
        forms = Forms(bundle, means)
        made = {chain: forms.make(read_chain(chain)) for chain in chains}
        made |= {other: open_bundle(find_model(workspace, other)) for other in asked.beside}
        all_of_them = [Measurable(name, one, means.onnx(one)) for name, one in {"as it is": bundle, **made}.items()]
        parent, *others = measured(all_of_them, dataset)
    print(f"{bundle.title}, {bundle.manifest.architecture.name}, {dataset.count('test'):,} test texts\n\n{_HEAD}")
    for one in (parent, *others):
        print(_row(parent, one))


def _row(parent: Figures, one: Figures) -> str:
    low, high = (100 * end for end in one.interval)
    return (
        f"| `{one.name}` | {one.accuracy:.2%} ({low:.1f}-{high:.1f}) | {100 * (one.accuracy - parent.accuracy):+.2f} "
        f"| {one.size / 1e6:.2f} MB (1/{parent.size / one.size:.1f}) | {one.p50 * 1e3:.2f} / {one.p95 * 1e3:.2f} "
        f"| {one.throughput:,.0f} | {one.throughput / parent.throughput:.2f} "
        f"| {one.computed / parent.computed:.2f} | {one.disagreement:.2%} |"
    )


if __name__ == "__main__":
    main()
