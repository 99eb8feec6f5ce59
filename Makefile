# `make run` is all that is needed to start; `make help` lists the rest.
SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

HOST ?= 127.0.0.1
PORT ?= 8000
PROFILE ?= $(or $(TONGCHUAN_PROFILE),embedded)
# The profiles whose weights the tests run.
TEST_PROFILES ?= embedded small
# BROWSER=no leaves the browser tests out.
BROWSER ?= yes
# More words for pytest, the benchmark or the server: make test ARGS="-k wire".
ARGS ?=
UV_VERSION := 0.13.9

# The interpreter: PYTHON if given, else the first of these that is new enough.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done || true)
endif

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := install --quiet --no-build-isolation --use-pep517 --require-hashes -r

# A stamp names what the environment was made from; while its key stands, no pip runs and no
# network is needed. The folder is part of it, since an environment does not survive a move.
RUN_LOCKS := requirements/build.lock requirements/run.lock
DEV_LOCKS := requirements/dev.lock
SUM := cksum | tr ' ' '-'
RUN_KEY := $(shell { cat $(RUN_LOCKS); echo '$(CURDIR)'; \
	$(or $(PYTHON),false) -c 'import sys; print(sys.version)'; } 2>/dev/null | $(SUM))
RUN_STAMP := $(VENV)/.run-$(RUN_KEY)
PROJECT_STAMP := $(VENV)/.project-$(RUN_KEY)-$(shell cat pyproject.toml | $(SUM))
DEV_STAMP := $(VENV)/.dev-$(RUN_KEY)-$(shell cat $(DEV_LOCKS) 2>/dev/null | $(SUM))

# Other projects' programs, in an environment of their own: their requirements are none of ours.
OTHERS := .cache/alternatives
OTHERS_LOCK := requirements/alternatives.lock
OTHERS_STAMP := $(OTHERS)/.made-$(shell { cat $(OTHERS_LOCK); echo '$(CURDIR)'; \
	$(or $(PYTHON),false) -c 'import sys; print(sys.version)'; } 2>/dev/null | $(SUM))

# The recipes that make committed weights, with PyTorch.
TRAINING := .cache/training
TRAINING_LOCK := requirements/training.lock
TRAINING_STAMP := $(TRAINING)/.made-$(shell { \
	cat $(RUN_LOCKS) $(DEV_LOCKS) $(TRAINING_LOCK); echo '$(CURDIR)'; \
	$(or $(PYTHON),false) -c 'import sys; print(sys.version)'; } 2>/dev/null | $(SUM))

export HOST PORT

.PHONY: help run test check lint types quick bench figures models test-models test-alternatives \
	test-training chromium lock lock-torch install install-dev clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done
	@printf '\nVariables: HOST=%s PORT=%s PROFILE=%s PYTHON=%s ARGS=\n' \
		'$(HOST)' '$(PORT)' '$(PROFILE)' '$(PYTHON)'

run: models ## Set up, fetch the weights, serve the page on http://HOST:PORT
	@exec $(BIN)/tongchuan serve --profile $(PROFILE) $(ARGS)

models: install ## Fetch and verify the weights of PROFILE
	@$(BIN)/tongchuan models fetch --profile $(PROFILE)

WITH_BROWSER = $(filter-out no,$(BROWSER))
test: install-dev $(if $(WITH_BROWSER),chromium) test-models ## Run all tests: quick, real weights, browser
	@PYTHONASYNCIODEBUG=1 $(BIN)/python -m pytest $(if $(WITH_BROWSER),,-m 'not browser') $(ARGS)

test-models: install
	@for profile in $(TEST_PROFILES); do \
		$(BIN)/tongchuan models fetch --profile $$profile || exit 1; done

test-alternatives: install-dev test-models $(OTHERS_STAMP) ## Tests against other projects' servers and scorers
	@TONGCHUAN_ALTERNATIVES=$(CURDIR)/$(OTHERS)/bin/python \
		$(BIN)/python -m pytest -m alternatives $(ARGS)

test-training: $(TRAINING_STAMP) ## Tests of the training recipes, with PyTorch
	@$(TRAINING)/bin/python -c 'import torch, faker, jieba'
	@$(TRAINING)/bin/python -X dev -m pytest -m 'not real and not browser' \
		tests/training tests/models/recall/test_scorer.py $(ARGS)

check: lint types quick ## The short gate: style, types, quick tests

lint: install-dev ## Style: ruff's rules and its format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: install-dev ## Types: mypy --strict
	@$(BIN)/mypy --strict

quick: install-dev ## The tests that need neither weights nor a browser
	@$(BIN)/python -X dev -m pytest -m 'not real and not browser' $(ARGS)

# Without ARGS it is compared with the committed result of the same recordings, where they are.
COMMITTED = $(wildcard evaluation/results/zh2en-$(PROFILE).json)
AGAINST = $(if $(ARGS),,$(and $(wildcard ../shared/realsi-dev),$(COMMITTED)))
bench: install-dev models ## Stream the benchmark recordings in real time, print the table, compare
	@$(BIN)/python -m evaluation.bench --profile $(PROFILE) \
		$(if $(AGAINST),--against $(AGAINST)) $(ARGS)

# FOLDER=recordings; takes an hour and a half on two cores that do nothing else. LOGS=folder keeps
# what was streamed, for the commands that read logs.
FOLDER ?= ../shared/realsi-dev
LOGS ?=
SYSTEMS := semantic,wait-k,fixed,pause,direct
figures: install-dev models ## Measure the README's figures again and write them into it
	@$(BIN)/python -m evaluation.bench $(FOLDER) --only zh2en --profile embedded \
		$(if $(LOGS),--logs $(LOGS)/bench) --out evaluation/results/zh2en-embedded.json
	@$(BIN)/tongchuan eval $(FOLDER) --only zh2en --virtual fixed --systems $(SYSTEMS) \
		--no-offline --no-previews \
		$(if $(LOGS),--logs $(LOGS)/systems) --out evaluation/results/zh2en-systems.json
	@$(BIN)/python -m evaluation.readme

chromium:
	@for name in chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null 2>&1 && exit 0; done; \
	echo "No Chromium or Chrome was found, and the browser tests drive one." >&2; \
	echo "  Debian, Ubuntu: apt-get install chromium     Fedora: dnf install chromium" >&2; \
	echo "  Elsewhere: put one on PATH under the name chromium or google-chrome" >&2; \
	echo "  Without one: make test BROWSER=no" >&2; exit 1

install: $(PROJECT_STAMP)

install-dev: $(PROJECT_STAMP) $(DEV_STAMP)

$(RUN_STAMP):
	@[ -n '$(PYTHON)' ] && $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; $(or $(PYTHON),python3) is not it ($$( \
			$(or $(PYTHON),python3) --version 2>&1 | head -n 1))." >&2; \
		echo "Install one and name it: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Creating the environment in $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV) || { \
		echo "The venv module does not work. Debian, Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; }
	@echo "Installing the pinned dependencies ..."
	@$(PIP) $(LOCKED) requirements/build.lock
	@$(PIP) $(LOCKED) requirements/run.lock
	@$(BIN)/python -c 'import ctranslate2, soundfile, xllamacpp' || { \
		echo "A library of the system is missing (the line above names it)." >&2; \
		echo "For libgomp.so.1 on Debian, Ubuntu: apt-get install libgomp1" >&2; exit 1; }
	@touch $@

$(PROJECT_STAMP): | $(RUN_STAMP)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.project-*
	@touch $@

$(DEV_STAMP): | $(RUN_STAMP)
	@echo "Installing the tools for tests and checks ..."
	@$(PIP) $(LOCKED) requirements/dev.lock
	@rm -f $(VENV)/.dev-*
	@touch $@

# The CPU build of PyTorch is not on PyPI: see requirements/alternatives.in.
$(OTHERS_STAMP): $(OTHERS_LOCK)
	@echo "Creating the environment of other projects in $(OTHERS) ..."
	@$(PYTHON) -m venv --clear $(OTHERS)
	@$(OTHERS)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps \
		--only-binary :all: --require-hashes -r $(OTHERS_LOCK)
	@touch $@

$(TRAINING_STAMP): $(RUN_LOCKS) $(DEV_LOCKS) $(TRAINING_LOCK)
	@echo "Creating the environment of the training recipes in $(TRAINING) ..."
	@$(PYTHON) -m venv --clear $(TRAINING)
	@for lock in $(RUN_LOCKS) $(DEV_LOCKS) $(TRAINING_LOCK); do \
		$(TRAINING)/bin/python -m pip --disable-pip-version-check $(LOCKED) $$lock || exit 1; \
	done
	@touch $@

# `make lock` keeps what is pinned and adds what is new; `make lock UPGRADE=1` renews everything.
COMPILE = .cache/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header $(if $(UPGRADE),--upgrade)
lock: ## Renew requirements/*.lock from pyproject.toml (UPGRADE=1: newest versions)
	@$(PYTHON) -m venv .cache/lock
	@.cache/lock/bin/python -m pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)
	$(COMPILE) requirements/build.in -o requirements/build.lock
	$(COMPILE) pyproject.toml --extra speed -o requirements/run.lock
	$(COMPILE) pyproject.toml requirements/dev.in --extra dev -c requirements/run.lock \
		-c requirements/build.lock -o requirements/dev.lock
	$(COMPILE) requirements/gpu.in -o requirements/gpu.lock
	$(COMPILE) requirements/postgres.in -c requirements/run.lock -o requirements/postgres.lock

lock-torch: ## Renew the locks with PyTorch; uv has to find its CPU build
	@$(PYTHON) -m venv .cache/lock
	@.cache/lock/bin/python -m pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)
	$(COMPILE) requirements/alternatives.in --excludes requirements/alternatives.exclude \
		-c requirements/build.lock -o $(OTHERS_LOCK)
	$(COMPILE) requirements/training.in -c requirements/build.lock -c requirements/run.lock \
		-c requirements/dev.lock -o $(TRAINING_LOCK)

clean: ## Remove the environment, caches and build outputs (the weights stay)
	rm -rf $(VENV) .cache build dist out *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
