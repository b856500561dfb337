# `make demo` runs a whole synthetic clinic; `make test` checks everything.
# Both install what they need into .venv and take seconds when nothing changed.

PYTHON ?= python3.11
BIN := .venv/bin
PYTEST ?=
export UV_PYTHON_DOWNLOADS := never

.PHONY: help setup setup-dev demo test check bench faults docs screens
.DEFAULT_GOAL := help

help:
	@echo 'make demo     a whole synthetic clinic on this machine; Ctrl-C stops it'
	@echo 'make test     types, lint, contracts and every test'
	@echo 'make setup    everything into .venv, so that .venv/bin/evenkeel runs'
	@echo 'make check    types, lint, contracts; no tests'
	@echo 'make faults   the tests that kill processes'
	@echo 'make bench    measure, ONLY=NAME for one; results in benchmarks/results'
	@echo 'make docs     the manual, into docs/_build'
	@echo 'make screens  screenshots of the manual, taken by the browser tests'

setup:
	@$(PYTHON) tools/bootstrap.py base

setup-dev:
	@$(PYTHON) tools/bootstrap.py dev

demo: setup
	@exec $(BIN)/evenkeel demo

check: setup-dev
	@if grep -n '://' requirements/*.lock; then \
	  echo 'A lock names a host. Compile it again as CONTRIBUTING.md says.'; exit 1; fi
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

test: check
	@$(BIN)/python tools/browser.py
	@$(BIN)/python tools/java.py
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

faults: setup-dev
	@$(BIN)/pytest -q -m faults $(PYTEST)

bench: setup-dev
	@set -e; for file in benchmarks/$(if $(ONLY),$(ONLY),*).py; do \
	  case $$file in */_*) continue;; esac; echo "$$file"; $(BIN)/python $$file; done

docs: setup-dev
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build

screens: setup-dev
	@$(BIN)/python tools/browser.py
	@EVENKEEL_SCREENS=docs/screens $(BIN)/pytest -q -m browser $(PYTEST)
