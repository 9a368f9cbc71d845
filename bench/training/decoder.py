"""Training steps of decoders beside those of Hugging Face: `python bench/training/decoder.py [1M 10M 50M]`.

All variants train the same shape on the same ids, 8 rows of 256, in one process, a step of each in turn; medians are
printed. `trainer` is `transformers.Trainer` with its defaults and drives the rest from its callback. It needs
`accelerate`, which is no dependency: install it in an environment of its own, or leave `trainer` out. What a variant
takes before its third step (compilation) is printed apart. With `--threads 1` the clock is processor time, so that
other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as `wenlu run` does: threads that wait leave the processor to others

import torch
import transformers
from torch import Tensor, nn

from wenlu.models.decoder import Decoder
from wenlu.training.cross_entropy import IGNORED, projected_cross_entropy

VOCABULARY, ROWS, LENGTH = 8192, 8, 256
Step = Callable[[Tensor], None]


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    print(", ".join(f"{kind}: {peak(kind, clock) / 1e9:,.0f} GFLOP/s" for kind in (torch.float32, torch.bfloat16)))
    for size in options.sizes:
        measure(Decoder.Config(size=size), options.variants, options.steps, clock)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["1M", "10M", "50M"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    return parser.parse_args()


def peak(kind: torch.dtype, clock: Callable[[], float]) -> float:
    """FLOP/s of a large product."""
    left, right = torch.randn(2048, 2048).to(kind), torch.randn(2048, 2048).to(kind)
    return 2 * 2048**3 / statistics.median(timed(lambda: left @ right, clock) for _ in range(9))


def timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started


def flops(config: Decoder.Config) -> float:
    """Of a step, forward and backward: 6 for each weight and id, and causal attention."""
    shape = config.shape
    products = 6 * (shape.parameters + VOCABULARY * shape.hidden)
    attention = 6 * LENGTH * shape.heads * shape.head * shape.layers
    return float(ROWS * LENGTH * (products + attention))


def measure(config: Decoder.Config, variants: list[str], steps: int, clock: Callable[[], float]) -> None:
    batches = torch.randint(0, VOCABULARY, (16, ROWS, LENGTH), generator=torch.Generator().manual_seed(1))
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    ours = {name: VARIANTS[name](config) for name in variants if name != "trainer"}
    for name, step in ours.items():
        begun = timed(lambda s=step: [s(batches[number]) for number in (0, 1)], time.perf_counter)
        print(f"{config.size} {name}: ready after {begun:.1f} s", flush=True)

    def one_of_each(number: int) -> None:
        for name, step in ours.items():
            seconds[name].append(timed(lambda s=step: s(batches[number % 16]), clock))

    if "trainer" in seconds:
        drive(config, batches, seconds["trainer"], one_of_each, steps, clock)
    else:
        for number in range(steps):
            one_of_each(number)
    tell(config, seconds)


def tell(config: Decoder.Config, seconds: dict[str, list[float]]) -> None:
    first = statistics.median(next(iter(seconds.values())))
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(
            f"{config.size} {name:14} {1000 * median:8,.0f} ms {ROWS * LENGTH / median:8,.0f} ids/s "
            f"{flops(config) / median / 1e9:6,.0f} GFLOP/s {first / median:5.2f}x",
            flush=True,
        )


def drive(
    config: Decoder.Config,
    batches: Tensor,
    seconds: list[float],
    between: Callable[[int], None],
    steps: int,
    clock: Callable[[], float],
) -> None:
    """`steps` steps of a Trainer after two to warm up; `between` them, the others take theirs."""

    class Clock(transformers.TrainerCallback):
        started = 0.0

        def on_step_begin(self, *_: object, **__: object) -> None:
            self.started = clock()

        def on_step_end(self, _: object, state: transformers.TrainerState, *__: object, **___: object) -> None:
            taken = clock() - self.started
            if state.global_step > 2:
                seconds.append(taken)
                between(state.global_step)

    rows = [{"input_ids": row, "labels": row} for row in batches.flatten(0, 1)]
    with tempfile.TemporaryDirectory() as folder:
        settings = transformers.TrainingArguments(
            output_dir=folder, max_steps=steps + 2, save_strategy="no", report_to="none", use_cpu=True
        )
        transformers.Trainer(qwen3(config), settings, train_dataset=rows, callbacks=[Clock()]).train()


def qwen3(config: Decoder.Config) -> nn.Module:
    shape = config.shape
    torch.manual_seed(1)
    return transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(
            vocab_size=VOCABULARY,
            hidden_size=shape.hidden,
            intermediate_size=shape.intermediate,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            head_dim=shape.head,
            max_position_embeddings=config.context,
            tie_word_embeddings=config.tied,
        )
    )


def stepping(model: nn.Module, loss: Callable[[Tensor], Tensor], kind: torch.dtype) -> Step:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def step(tokens_BT: Tensor) -> None:
        with contextlib.nullcontext() if kind == torch.float32 else torch.autocast("cpu", kind):
            value = loss(tokens_BT)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        value.item()

    return step


def theirs(kind: torch.dtype, *, compiled: bool) -> Callable[[Decoder.Config], Step]:
    def make(config: Decoder.Config) -> Step:
        model = qwen3(config)
        called = torch.compile(model, dynamic=False) if compiled else model
        return stepping(model, lambda tokens: called(input_ids=tokens, labels=tokens, use_cache=False).loss, kind)

    return make


def ours(kind: torch.dtype, *, compiled: bool) -> Callable[[Decoder.Config], Step]:
    def make(config: Decoder.Config) -> Step:
        torch.manual_seed(1)
        model = Decoder(config, vocabulary_size=VOCABULARY)
        if compiled:
            model.compile_layers()

        def loss(tokens_BT: Tensor) -> Tensor:
            targets_BT = torch.cat((tokens_BT[:, 1:], torch.full((ROWS, 1), IGNORED)), dim=1)
            return projected_cross_entropy(
                model.states(tokens_BT).flatten(0, 1), model.projection, targets_BT.flatten()
            )

        return stepping(model, loss, kind)

    return make


VARIANTS: dict[str, Callable[[Decoder.Config], Step]] = {
    "trainer": theirs(torch.float32, compiled=False),  # driven by Trainer itself
    "loop": theirs(torch.float32, compiled=False),
    "bf16": theirs(torch.bfloat16, compiled=False),
    "bf16-compiled": theirs(torch.bfloat16, compiled=True),
    "ours": ours(torch.float32, compiled=False),
    "ours-compiled": ours(torch.float32, compiled=True),
}


if __name__ == "__main__":
    main()
