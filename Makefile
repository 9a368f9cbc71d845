PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo check test test-all bench docs

help:  ## print these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

setup:  ## make .venv and install everything (a processor build of torch; GPU=1 takes CUDA)
	@$(PYTHON) scripts/setup.py $(if $(GPU),--gpu)

demo: setup  ## the main job on real reviews, ending with a live service (CHECK=1: ask it once and leave)
	@$(BIN)/wenlu demo $(if $(CHECK),--check)

check: setup  ## format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: setup  ## the fast tests
	@$(BIN)/pytest -m "not slow"

test-all: setup  ## every test, slow ones too
	@$(BIN)/pytest

bench: setup  ## measure the service beside a Flask server (needs wrk)
	@$(BIN)/python bench/serving/run.py

docs: setup  ## check that the documentation is true: its commands run, its links lead somewhere
	@$(BIN)/pytest tests/story tests/docs
