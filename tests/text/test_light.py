from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.pretrained import bert_folder

from wenlu.base.spec import check
from wenlu.text.pipeline import PipelineConfig, TextPipeline


def test_a_tokenizer_that_transformers_made_is_read_without_it(tmp_path: Path):
    named = {"name": "huggingface", "path": str(bert_folder(tmp_path / "bert")), "around": True}
    config = check(PipelineConfig, {"normalize": [], "tokenizer": named}, where="test")
    TextPipeline.train((), config, clean=[]).save(tmp_path / "text")
    program = (
        "import sys; from pathlib import Path; from wenlu.text.pipeline import TextPipeline; "
        f"assert TextPipeline.load(Path({str(tmp_path / 'text')!r})).encode(['好']); "
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
