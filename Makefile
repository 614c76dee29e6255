.DEFAULT_GOAL := help

# The interpreter that makes .venv. Left empty, scripts/setup.sh takes the first on the PATH that is new enough.
PYTHON ?=
export PYTHON

# Workers are the parallelism: more BLAS threads than one per process only fight over the same cores.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1

BIN := .venv/bin
RUNTIME := .venv/.installed
DEVELOPMENT := .venv/.installed-dev

# A stamp holds the folder it was made in: a virtual environment does not survive being moved.
ifneq ($(shell cat $(RUNTIME) 2>/dev/null),$(CURDIR))
.PHONY: $(RUNTIME) $(DEVELOPMENT)
endif

.PHONY: help setup demo serve test lint types pytest format bench bench-pruning bench-search docs lock

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(RUNTIME) ## install Parfocal into .venv, and no more
	@echo "Parfocal is installed in .venv: try make demo"

demo: $(RUNTIME) ## watch a coarse-to-fine search on real data, from start to finish
	@$(BIN)/parfocal demo

serve: $(RUNTIME) ## keep the service running: API, dispatcher and workers
	@$(BIN)/parfocal serve

test: lint types pytest ## run every check and every test

lint: $(DEVELOPMENT) ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEVELOPMENT) ## check the types
	$(BIN)/mypy

pytest: $(DEVELOPMENT) ## run the tests alone
	$(BIN)/python -m pytest

format: $(DEVELOPMENT) ## mend style and formatting where it can be done by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Pins that still fit are kept; `make lock LOCK_OPTIONS=--upgrade` moves them all to the newest.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(LOCK_OPTIONS)

# The peers need gigabytes, so they get an environment of their own.
bench: .venv-bench/.installed ## measure the engine and whole studies against what people use instead
	.venv-bench/bin/python -m benchmarks.engine --json benchmarks/results/engine.json
	.venv-bench/bin/python -m benchmarks.agreement --json benchmarks/results/agreement.json
	.venv-bench/bin/python -m benchmarks.study --json benchmarks/results/study.json

bench-pruning: $(DEVELOPMENT) ## measure what pruning saves, and that it costs no winner
	$(BIN)/python -m benchmarks.pruning --json benchmarks/results/pruning.json

bench-search: .venv-bench/.installed ## measure how good and how fast the search is, against Optuna
	.venv-bench/bin/python -m benchmarks.proposing --json benchmarks/results/proposing.json
	.venv-bench/bin/python -m benchmarks.round_sizes --json benchmarks/results/round_sizes.json
	.venv-bench/bin/python -m benchmarks.search --runs benchmarks/results/search.jsonl --json benchmarks/results/search.json

.venv-bench/.installed: pyproject.toml
	$(or $(PYTHON),python3) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --editable ".[bench]"
	touch $@

docs: .venv-docs/.installed ## draw the pictures of docs/engine.md and measure its tables
	.venv-docs/bin/python -m scripts.engine_pictures

.venv-docs/.installed: pyproject.toml
	$(or $(PYTHON),python3) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --editable ".[docs]"
	touch $@

lock: $(DEVELOPMENT) ## pin what pyproject.toml asks for in the two lock files
	$(COMPILE) --extra build --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra build --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

$(RUNTIME): requirements.lock pyproject.toml
	@sh scripts/setup.sh

$(DEVELOPMENT): requirements-dev.lock requirements.lock pyproject.toml
	@sh scripts/setup.sh dev
