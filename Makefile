# Everything runs in .venv, which any target makes: Python 3.11 or newer and make are all that is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test test-quick test-search test-clients tidb lint format bench lock clean

demo: $(VENV)/.demo
	@$(BIN)/gateway demo $(ARGS)

test: $(VENV)/.dev
	@sh tests/install-servers.sh
	@sh tests/run.sh $(BIN)/pytest $(ARGS)

# A part of the tests in a third of the time: all but whole gateways in front of real servers.
test-quick: $(VENV)/.dev
	@sh tests/install-servers.sh
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal -m "not whole" $(ARGS)

# Properties with examples that no run has tried yet, two thousand of each: what is found becomes a test of its own.
test-search: $(VENV)/.dev
	@sh tests/install-servers.sh
	@HYPOTHESIS_PROFILE=search $(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal -m "hypothesis and not whole" $(ARGS)

# Drivers for Java, Node and Go from their registries, where those are on the machine.
test-clients: $(VENV)/.dev
	@GATEWAY_TEST_CLIENTS=1 $(BIN)/pytest tests/live/test_other_clients.py tests/live/test_other_mysql_clients.py $(ARGS)

# A TiDB server for tests/live/test_tidb.py, from its Go module; see tests/support/tidb/README.md.
tidb:
	@mkdir -p var/tidb
	cd tests/support/tidb && GOFLAGS="-mod=readonly -p=1" nice go build -ldflags "-s -w -X=runtime.buildVersion=go1.25.12" \
		-o ../../../var/tidb/tidb-server github.com/pingcap/tidb/cmd/tidb-server

lint: $(VENV)/.dev
	$(BIN)/ruff check gateway tests benchmarks
	$(BIN)/ruff format --check gateway tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff format gateway tests benchmarks
	$(BIN)/ruff check --fix gateway tests benchmarks

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks all $(ARGS)

bench-%: $(VENV)/.dev
	@$(BIN)/python -m benchmarks $* $(ARGS)

# Pins of everything, with hashes; run after a change of pyproject.toml.
lock: $(VENV)/.dev
	$(BIN)/pip-compile -q --extra demo --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-header -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q --extra demo --extra dev --extra fuzz --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-header -o requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) var

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Installing what the gateway needs into $(VENV) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements-dev.lock pyproject.toml
	@echo "Installing what the gateway and its tests need into $(VENV) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo
