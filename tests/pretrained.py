"""Small folders as Hugging Face's libraries write them: real architectures, real tokenizers, weights by chance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tests.bundles import TEXTS

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 72,
}
DECODER: dict[str, Any] = {**SMALL, "num_key_value_heads": 2, "head_dim": 8}


def bert_folder(folder: Path, texts: Sequence[str] = TEXTS, *, seed: int = 1) -> Path:
    """A BERT that fills masks in, with a `vocab.txt` of the characters of `texts` and no other tokenizer file."""
    from transformers import BertConfig, BertForMaskedLM

    characters = sorted({character for text in texts for character in text if not character.isspace()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{one}" for one in characters)]
    torch.manual_seed(seed)
    BertForMaskedLM(BertConfig(**SMALL, vocab_size=len(vocabulary))).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    return folder


def roberta_folder(folder: Path, texts: Sequence[str] = TEXTS) -> Path:
    """A RoBERTa over bytes, which counts its places from behind the id of padding."""
    from transformers import RobertaConfig, RobertaForMaskedLM

    size = _byte_pairs(folder, texts, special=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], around=("<s>", "</s>"))
    torch.manual_seed(1)
    RobertaForMaskedLM(RobertaConfig(**SMALL, vocab_size=size)).save_pretrained(folder)
    return folder


def decoder_folder(folder: Path, texts: Sequence[str] = TEXTS, *, kind: str = "qwen3", spare: int = 24) -> Path:
    """A decoder over bytes, with `spare` vectors that no id has, as the published ones have them."""
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    size = _byte_pairs(folder, texts, special=["<|endoftext|>", "<|im_end|>"], around=None)
    torch.manual_seed(1)
    config = CONFIG_MAPPING[kind](**DECODER, vocab_size=size + spare, bos_token_id=0, eos_token_id=0, pad_token_id=None)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def gguf_file(path: Path, texts: Sequence[str] = TEXTS) -> Path:
    """A Llama of two layers in llama.cpp's format, with a tokenizer of byte pairs."""
    import gguf
    import numpy as np

    parts = path.with_suffix(".parts")
    size = _byte_pairs(parts, texts, special=["<|endoftext|>", "<|im_end|>"], around=None)
    model = json.loads((parts / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(72)
    writer.add_embedding_length(32)
    writer.add_block_count(2)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(size)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(sorted(model["vocab"], key=model["vocab"].get))
    writer.add_token_types([3, 3] + [1] * (size - 2))
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    chance = np.random.default_rng(1)
    layer = {"attn_q": (32, 32), "attn_k": (16, 32), "attn_v": (16, 32), "attn_output": (32, 32),
             "ffn_gate": (64, 32), "ffn_up": (64, 32), "ffn_down": (32, 64)}  # fmt: skip
    shapes = {f"blk.{number}.{name}": shape for number in (0, 1) for name, shape in layer.items()}
    for name, shape in {"token_embd": (size, 32), **shapes}.items():
        writer.add_tensor(f"{name}.weight", chance.normal(0, 0.1, shape).astype(np.float32))
    for name in ("output_norm", *(f"blk.{number}.{norm}_norm" for number in (0, 1) for norm in ("attn", "ffn"))):
        writer.add_tensor(f"{name}.weight", np.ones(32, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _byte_pairs(folder: Path, texts: Sequence[str], *, special: list[str], around: tuple[str, str] | None) -> int:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=sorted(alphabet), show_progress=False
    )
    model.train_from_iterator(texts, trainer)
    if around:
        first, last = around
        named = [(token, model.token_to_id(token)) for token in around]
        model.post_processor = processors.TemplateProcessing(single=f"{first} $A {last}", special_tokens=named)
    ends = (
        {"eos_token": special[0]} if around is None else {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    )
    PreTrainedTokenizerFast(tokenizer_object=model, **ends).save_pretrained(folder)
    return model.get_vocab_size()


def changed_config(folder: Path, **changes: Any) -> None:
    """Write other settings into a folder's `config.json`."""
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
