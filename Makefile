# DEMO_ARGS=--once ends the demo after the sales.
#
# Every target makes what it needs: a virtual environment with the locked,
# hash-checked dependencies, then this project itself in editable form.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Styles, htmx and letters of the pages, from their npm packages: the system's npm, else one from a
# wheel in an environment of its own.
BROWSER := node_modules/.ready
# Tests keep the compiled form of our modules, whatever the environment says: they start a hundred
# programs. Two processes more than there are cores, for many of them wait: for lines, for processes,
# for a browser. Each has a PostgreSQL server of its own.
NPROC  := $(shell nproc 2>/dev/null || echo 2)
CORES  ?= $(shell echo $$(( $(NPROC) + 2 )))
XDIST   = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --maxprocesses 8 --dist worksteal
PYTEST  = $(XDIST) -n $(CORES)
FAST    = $(XDIST) -n $(NPROC)

.DEFAULT_GOAL := help
.PHONY: help demo pictures test test-fast lint format bench clean

help:
	@echo "make demo       set up, then sell electricity and water to simulated meters"
	@echo "make pictures   the pictures of docs/operator.md, from a running demo (needs chromium)"
	@echo "make test       set up, then run every test"
	@echo "make test-fast  the tests that need no server process (under a minute)"
	@echo "make lint       ruff, mypy --strict, import rules"
	@echo "make bench      measure tokens and sales, with ratios"
	@echo "make clean      remove the environment and caches"

# A bare Debian has venv without ensurepip; install the missing package only then.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Raseed needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing python3-venv ..."; \
	  apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; \
	elif command -v sudo >/dev/null && command -v apt-get >/dev/null; then \
	  echo "Installing python3-venv (sudo) ..."; \
	  sudo apt-get update -qq && sudo apt-get install -y -qq python3-venv >/dev/null; \
	else echo "Python's venv module is incomplete: install the package python3-venv"; exit 1; fi
	@echo "Setting up $(VENV) with the locked dependencies (about half a minute) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BROWSER): package.json package-lock.json requirements-npm.lock
	@set -e; if command -v npm >/dev/null; then npm=npm; \
	else \
	  $(PYTHON) -m venv --clear $(VENV)/npm; \
	  $(VENV)/npm/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
	    -r requirements-npm.lock; npm=$(VENV)/npm/bin/npm; \
	fi; PATH="$(CURDIR)/$(VENV)/npm/bin:$$PATH" $$npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

demo: $(READY) $(BROWSER)
	@$(BIN)/raseed demo $(DEMO_ARGS)

pictures: $(READY) $(BROWSER)
	@$(BIN)/python -m tests.browser.tour docs/pictures

test: $(READY) $(BROWSER)
	@$(PYTEST)

# An eighth of the search for counterexamples; `make test` makes the whole. Nobody waits for
# processes here, so a test process for each core; and what only the other tests need (tests/system,
# tests/browser, their plugins) is not even loaded, for every test process would.
test-fast: $(READY) $(BROWSER)
	@$(FAST) -m "not system" --hypothesis-profile=fast \
	  --ignore=tests/system --ignore=tests/browser -p no:schemathesis -p no:playwright

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) $(BROWSER)
	@$(BIN)/raseed bench all

clean:
	find meters tokens drivers vending simulators tests -name __pycache__ -prune -exec rm -rf {} +
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist
