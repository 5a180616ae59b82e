# Every target makes .venv by itself; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Where the real data lies; tests on it skip, and `make truth` fails, when it is not there.
export TWIN_DATA := $(abspath $(or $(TWIN_DATA),data))

.DEFAULT_GOAL := help
.PHONY: install demo test truth check fix nightly bench wheel-test clean help

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else \
	  f"market-twin: found Python {v[0]}.{v[1]}, needs 3.11 to 3.13; say make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

install: $(READY) ## set up .venv with everything pinned (every other target does it too)

demo: $(READY) ## run the seeded synthetic day and write runs/<id>/
	$(BIN)/twin demo

test: $(READY) ## run the suite that needs no data
	$(BIN)/pytest -n 2 -m 'not truth and not nightly'

truth: $(READY) ## run the tests on real data under TWIN_DATA; fails when it is missing
	TWIN_TRUTH=1 $(BIN)/pytest -n 2 -m 'truth and not nightly'

check: $(READY) ## lint, format, types, import contracts, determinism lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .import_linter_cache | sed -n '/^Analyzed/,$$p'
	$(BIN)/python -m tests.tidy.lint

fix: $(READY) ## mend what tools can mend, and write generated pages of docs/reference anew
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m tests.docs.cli_reference --write
	$(BIN)/python -m tests.docs.code_reference --write
	$(BIN)/python -m tests.docs.order_states --write

nightly: $(READY) ## the minutes-long tests
	$(BIN)/pytest -n 2 -m nightly

bench: $(READY) ## messages per second against bare SimPy, measured in one run
	$(BIN)/twin bench replay

wheel-test: $(READY) ## build the wheel and run it in an empty directory and a new venv
	PYTHON=$(PYTHON) .ci/wheel

clean: ## remove everything that make made, .venv and runs/ included
	rm -rf .venv dist build runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; \
	  do printf '  make %-11s %s\n' "$$name" "$$text"; done
