# DEMO_ARGS=--once ends the demo after the sales.
#
# Every target makes what it needs: a virtual environment with the locked,
# hash-checked dependencies, then this project itself in editable form.
# The system's Python where it will do: its security mends come with the system's, and a sale costs
# it a tenth less than one that was compiled by hand without profiles. PYTHON= names another.
PYTHONS := $(or $(PYTHON),/usr/bin/python3 python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Styles, htmx and letters of the pages, from their npm packages: the system's npm, else one from a
# wheel in an environment of its own.
BROWSER := node_modules/.ready
# Tests keep the compiled form of our modules, whatever the environment says: they start a hundred
# programs. Two processes more than there are cores, for many of them wait: for lines, for processes,
# for a browser. Each has a PostgreSQL server of its own.
CORES  ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 2 )))
PYTHON_TEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
PYTEST  = $(PYTHON_TEST) -n $(CORES) --maxprocesses 8 --dist worksteal
FAST    = $(PYTHON_TEST) -m "not system" --hypothesis-profile=fast \
          -p no:xdist -p no:schemathesis -p no:playwright
# What stands at the edges of vending: half of what the fast set takes.
DESK   := $(addprefix tests/vending/,web cli books papers printing approvals drawer accounts acts \
          outbox keychanges)

.DEFAULT_GOAL := help
.PHONY: help demo pictures test test-fast fast-desk fast-rest test-deep lint format bench clean

help:
	@echo "make demo       set up, then sell electricity and water to simulated meters"
	@echo "make pictures   the pictures of docs/operator.md, from a running demo (needs chromium)"
	@echo "make test       set up, then run every test"
	@echo "make test-fast  those of a second at most that start no server (about a minute)"
	@echo "make test-deep  the searches for counterexamples, 25 times as long; DEEPER=500 for a night"
	@echo "make lint       ruff, mypy --strict, import rules"
	@echo "make bench      measure tokens and sales, with ratios"
	@echo "make clean      remove the environment and caches"

$(READY): requirements.lock pyproject.toml
	@set -e; python=$$(sh .ci/find-python $(PYTHONS)); \
	echo "Setting up $(VENV) with the locked dependencies (about half a minute) ..."; \
	$$python -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BROWSER): package.json package-lock.json requirements-npm.lock | $(READY)
	@set -e; if command -v npm >/dev/null; then npm=npm; \
	else \
	  $(BIN)/python -m venv --clear $(VENV)/npm; \
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

# An eighth of the search for counterexamples; `make test` makes the whole. In two plain processes,
# half of the work each: to hand out tests one by one costs more than most of these take, and to
# load every test in each process costs as much as a fifth of running them. What only the other
# tests need (tests/system, tests/browser, their plugins) is not loaded at all.
test-fast: $(READY) $(BROWSER)
	@$(MAKE) --no-print-directory --jobs=2 --output-sync fast-desk fast-rest

fast-desk:
	@$(FAST) $(DESK)

fast-rest:
	@$(FAST) tests $(addprefix --ignore=,$(DESK) tests/system tests/browser)

# What searches for counterexamples (laws and state machines, on both databases) looks at so many times
# as many, other ones each time: a quarter of an hour on two cores, or a night. A failure names its
# seed and its steps.
DEEPER ?= 25
test-deep: $(READY) $(BROWSER)
	@DEEPER=$(DEEPER) $(PYTEST) -m hypothesis --hypothesis-profile=deep --timeout=0

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
