PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo setup test test-lowest generalist any-chain any-demand clean

demo: setup  ## train the built-in scenario, compare with every tuned rule, order for a Monday
	$(BIN)/hmarl train
	$(BIN)/hmarl eval --baseline all
	$(BIN)/hmarl orders --stock docs/examples/monday/stock.csv

setup: .venv/ready

.venv/ready: WITH := -c constraints.txt -e ".[dev]"
.venv/ready: constraints.txt
.venv-lowest/ready: PYTHON := python3.11
.venv-lowest/ready: WITH := -c constraints-lowest.txt -e ".[test]"
.venv-lowest/ready: constraints-lowest.txt

.venv/ready .venv-lowest/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "hmarl needs Python 3.11 or newer, this is $$($(PYTHON) --version 2>&1);" \
		"name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(@D) || \
		{ echo "cannot make a virtual environment; on Debian or Ubuntu:" \
		"sudo apt install python3-venv" >&2; exit 1; }
	@echo "Installing into $(@D) (once) ..."
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check $(WITH)
	@touch $@

# A test file stays on one worker, and workers do not share their cores with threads.
EVERY_CORE := -n auto --dist loadfile
test test-lowest: export OMP_NUM_THREADS := 1

test: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest $(EVERY_CORE)

# The longest files are left out: others use the same packages.
LONGEST := benchmarks/test_gate.py benchmarks/test_published_run.py policies/test_every_tier.py tuning/test_study.py

test-lowest: .venv-lowest/ready  ## tests with the lowest versions that pyproject.toml allows
	.venv-lowest/bin/pytest $(EVERY_CORE) $(addprefix --ignore=tests/,$(LONGEST))

# What is shipped of a run: everything that it needs to decide.
SHIPPED := scenario.toml config.json recipe.json best.safetensors manifest.json
generalist: setup  ## train the network for any store anew and put it in place of the shipped one
	rm -rf build/generalist
	$(BIN)/hmarl train --scenario any-store --runs build/generalist
	cp $(addprefix build/generalist/any-store-*/,$(SHIPPED)) policies/generalist/

any-chain: setup  ## the same for stores behind a warehouse
	rm -rf build/any-chain
	$(BIN)/hmarl train --scenario any-chain --runs build/any-chain
	cp $(addprefix build/any-chain/any-chain-*/,$(SHIPPED)) policies/any-chain/

any-demand: setup  ## the same for a store whose demand nobody tells
	rm -rf build/any-demand
	$(BIN)/hmarl train --scenario any-demand --runs build/any-demand
	cp $(addprefix build/any-demand/any-demand-*/,$(SHIPPED)) policies/any-demand/

clean:
	rm -rf .venv .venv-lowest build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
