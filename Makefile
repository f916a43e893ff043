# Thin: every target sets itself up. Needs python3 (3.11 or newer), git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test laws pipeline mutants check bench fix lock clean

help:            ## show the targets
	@grep -hE '^[a-z]+: .*##|^[a-z]+:  .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/:\t/' | expand -t 12

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("releaser needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 demo") if sys.version_info < (3, 11) else None'
	@echo "installing into $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

setup: $(READY)  ## install into .venv, exactly what requirements.lock says

demo: $(READY)   ## the guided first run: one command, no account needed
	@$(BIN)/releaser demo

test: $(READY)   ## the whole test suite
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

pipeline: $(READY) ## our pipeline run by gitlab-ci-local (needs Node.js 20, npm and rsync)
	@npm install --silent --no-audit --no-fund --no-save --prefix $(VENV)/gitlab-ci-local gitlab-ci-local@4.73.0
	@PATH="$(CURDIR)/$(VENV)/gitlab-ci-local/node_modules/.bin:$$PATH" $(BIN)/python -m pytest -rs tests/gitlab/test_pipeline_local.py

laws: $(READY)   ## every test of every law, none left out (an hour)
	@RELEASER_LAWS=full $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

mutants: $(READY) ## break the engine line by line; the complaints' tests must see it (minutes)
	@$(BIN)/python -m pytest -n 2 tests/complaints/mutants.py

check: $(READY)  ## format, lint, types, import contracts, schemas
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/releaser schema --check
	@$(BIN)/releaser validate

fix: $(READY)    ## format and repair what can be repaired
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix . && $(BIN)/releaser schema

bench: $(READY)  ## the benchmarks (minutes to an hour; set TF_PLUGIN_DIR to compare with Terraform)
	@$(BIN)/python -m benchmarks --write docs/benchmarks.md

lock: $(READY)   ## write requirements.lock anew from pyproject.toml
	@$(BIN)/python .ci/lock.py

clean:           ## remove what the targets made
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
