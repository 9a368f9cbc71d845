"""Make .venv and install Wenlu into it, with a processor build of torch unless told otherwise.

Standard library only, since it runs before anything is installed. Run it again at any time: it does
nothing while the requirements are unchanged.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "wenlu-setup"

TORCH = "2.13.0"
UV = "0.13.9"
CPU_INDEX = os.environ.get("WENLU_TORCH_INDEX", "https://download.pytorch.org/whl/cpu")
EXTRAS = "zh,ja,data,fast,run,train,export,hf,s3,hdfs,ray,tune,samples,dev"


def main() -> None:
    options = arguments()
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python may be what runs this)
        fail(
            f"Wenlu needs Python 3.11 or newer, this is {platform.python_version()}. Run: make setup PYTHON=python3.12"
        )
    wanted = fingerprint(options)
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    started = time.monotonic()
    say(f"making {VENV.relative_to(HERE)} with Python {platform.python_version()}")
    venv.create(VENV, with_pip=True, clear=VENV.exists())
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"uv=={UV}")
    settings = pip_settings()
    install_torch(settings, gpu=options.gpu)
    say("installing Wenlu and what it stands on (exact versions: constraints.txt)")
    uv(settings, "--compile-bytecode", "-c", "constraints.txt", "-e", f".[{options.extras}]")
    check_torch(gpu=options.gpu)
    STAMP.write_text(wanted)
    say(f"ready in {time.monotonic() - started:.0f} s: .venv/bin/wenlu")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpu", action="store_true", help="take the CUDA build of torch (several gigabytes)")
    parser.add_argument("--extras", default=EXTRAS, help=f"optional parts to install [{EXTRAS}]")
    return parser.parse_args()


def fingerprint(options: argparse.Namespace) -> str:
    """What an environment depends on; a moved folder counts, since an environment can't be moved."""
    parts = [repr(sorted(vars(options).items())), platform.python_version(), str(HERE), TORCH, UV]
    parts += [(HERE / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def pip_settings() -> list[str]:
    """Pip's mirrors and wheel folders as flags for uv, which does not read pip's configuration."""
    flags = []
    for setting, flag in (
        ("find-links", "--find-links"),
        ("index-url", "--default-index"),
        ("extra-index-url", "--index"),
    ):
        for place in pip_setting(setting).split():
            if not place.startswith("file:") or setting == "find-links":
                flags += [flag, place]
    return flags


def pip_setting(name: str) -> str:
    """One setting of pip: the environment first, then the configuration files."""
    said = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if said is not None:
        return said
    command = [str(PYTHON), "-m", "pip", "config", "get", f"global.{name}"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def install_torch(settings: list[str], *, gpu: bool) -> None:
    """Torch alone, before anything could ask for it: its plain wheel on Linux brings 3 GB of CUDA."""
    if gpu or sys.platform != "linux":
        say(f"installing torch {TORCH}")
        uv(settings, f"torch=={TORCH}")
        return
    wheel = f"torch=={TORCH}+cpu"
    say(f"installing {wheel}")
    if uv_try([*settings, "--offline"], "--no-deps", wheel) or uv_try(settings, "--no-deps", wheel):
        return
    if not uv_try(["--default-index", CPU_INDEX], "--no-deps", wheel):
        fail(
            f"{wheel} was found neither in pip's find-links nor at {CPU_INDEX}. Set WENLU_TORCH_INDEX to a mirror of "
            "that index, or put the wheel into a folder and set PIP_FIND_LINKS to it."
        )


def check_torch(*, gpu: bool) -> None:
    """Fail if a later requirement replaced the build that was asked for."""
    command = [str(PYTHON), "-c", "import torch; print(torch.__version__)"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if not found.startswith(TORCH) or (sys.platform == "linux" and not gpu and not found.endswith("+cpu")):
        fail(f"torch is {found or 'missing'} after the installation, wanted {TORCH}. Remove .venv and run it again.")


def uv(settings: list[str], *arguments: str) -> None:
    run(*uv_command(settings, *arguments))


def uv_try(settings: list[str], *arguments: str) -> bool:
    command = uv_command(settings, *arguments)
    return subprocess.run(command, cwd=HERE, capture_output=True, check=False).returncode == 0


def uv_command(settings: list[str], *arguments: str) -> list[str]:
    return [str(PYTHON), "-m", "uv", "pip", "install", "--quiet", "--python", str(PYTHON), *settings, *arguments]


def run(*command: object) -> None:
    words = [str(word) for word in command]
    if subprocess.run(words, cwd=HERE, check=False).returncode:
        fail(f"this did not work: {' '.join(words)}")


def say(words: str) -> None:
    print(f"setup: {words}", flush=True)


def fail(words: str) -> None:
    sys.exit(f"setup: {words}")


if __name__ == "__main__":
    main()
