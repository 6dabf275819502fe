# Two commands do all the set-up: `make demo` and `make test`. Both make .venv when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
JOBS ?= auto

.PHONY: demo test check e2e bench lock format clean help

help:
	@echo "make demo    models, server and a call; then the page's address (ARGS='--once --json')"
	@echo "make test    fast tests, in parallel"
	@echo "make check   format, lint, types, import direction, docs"
	@echo "make e2e     real models, real WebRTC, headless Chromium"
	@echo "make bench   voice-to-voice, loss, cost and crash figures"

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.runtime
	$(BIN)/visavis demo $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS) -m "not e2e" $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/unit/test_house_rules.py tests/unit/test_house_promises.py tests/unit/test_docs_examples.py -m "not e2e"

e2e: $(VENV)/.dev
	$(BIN)/visavis models pull --all
	$(BIN)/python -m pytest -m e2e $(ARGS)

bench: $(VENV)/.runtime
	$(BIN)/visavis bench loop --turns 24 --json
	$(BIN)/visavis bench loop --turns 12 --loss 0.05 --json
	$(BIN)/visavis bench cost --json
	$(BIN)/visavis bench crash --json

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev
	requirements/lock.sh

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
