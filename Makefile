# The commands of this repository; `make help` lists them. Each sets up what it needs, on a machine that has only Python
# (3.10 or later), Go, and for the tests Java with Maven and Node.js with npm.

PYTHON ?= python3
VENV := .venv
LOWEST := .venv-lowest
FUZZ := .venv-fuzz
DOCS := .venv-docs
RELEASE := .venv-release
PINS := scripts/requirements
# All that is needed is pinned: pip is not to look for what would suit, in which it may come upon newer versions.
# Two more than there are processors: many tests wait for other processes.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
PARALLEL = --numprocesses=$(WORKERS)
# Where scripts, benchmarks and tests import each other from.
PATHS = PYTHONPATH="$(CURDIR)/tests/support:$(CURDIR)/scripts:$(CURDIR)/benchmarks"
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --no-deps
# As pip does for what it copies: where PYTHONDONTWRITEBYTECODE is set, each of thousands of processes would compile it.
COMPILE = -m compileall -q pulumi_cosjob tests/support

.PHONY: help demo test lint check lowest extra compat faults secrets fuzz soak bench coverage engine docs dist release pins format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s%s\n", $$1, $$2 }' Makefile

demo: $(VENV)/ready ## a job's life, read by a real `pulumi up`, without any account
	@$(PATHS) PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/python scripts/demo.py

test: lint check lowest ## everything that has to pass: lint, check and lowest; about a quarter of an hour on two processors

lint: $(VENV)/ready ## style, layout and types of the code (ruff, mypy)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

check: $(VENV)/ready ## all tests, those on the real engine included
	$(VENV)/bin/python -m pytest $(PARALLEL) -m "not extra" $(ARGS)

lowest: $(LOWEST)/ready ## the tests again, with the oldest versions that the ranges allow, on the oldest Python here
	$(LOWEST)/bin/python -m pytest $(PARALLEL) -m "not newest and (not engine or oldest)" $(ARGS)

extra: $(VENV)/ready ## what `make test` leaves out: secrets at the highest log levels, more SDKs, wheels, all rows of the bench
	$(VENV)/bin/python -m pytest $(PARALLEL) --dist=loadgroup -m extra $(ARGS)

compat: ## the tests on every Python here; about two minutes for each
	$(PYTHON) scripts/compat.py

soak: $(VENV)/ready ## ten minutes of waits while a fifth of all responses is faulty; ARGS=seconds
	$(PATHS) MALLOC_ARENA_MAX=1 $(VENV)/bin/python benchmarks/soak.py $(ARGS)

faults: $(VENV)/ready ## every fault at every place and its outcome, as a table
	$(PATHS) $(VENV)/bin/python scripts/faults.py $(ARGS)

fuzz: $(FUZZ)/ready ## run a fuzzer on the decoder for ARGS seconds; Linux
	$(PATHS) $(FUZZ)/bin/python scripts/fuzz.py $(ARGS)

bench: $(VENV)/ready ## what is claimed about speed, as numbers; ARGS='--row NAME' for one row, ARGS=--help for their names
	$(PATHS) PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/python benchmarks/bench.py $(ARGS)

coverage: $(VENV)/ready ## how much of the package the tests without the engine cover: a figure, no gate; some minutes
	$(VENV)/bin/python -m pytest $(PARALLEL) -m "not engine" --cov --cov-report=term $(ARGS)

secrets: $(VENV)/ready ## search everything written at the highest log levels for credentials
	$(PATHS) $(VENV)/bin/python scripts/search_for_secrets.py

engine: $(VENV)/ready ## a Pulumi CLI, with ARGS=--all for all languages; the last line is where
	@$(VENV)/bin/python scripts/engine.py $(ARGS)

format: $(VENV)/ready ## correct style and layout, where a tool can
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

docs: $(VENV)/ready $(DOCS)/ready ## write what is generated, then build the site, strictly, into site/; Python 3.11 or later
	$(VENV)/bin/python scripts/field_table.py
	$(VENV)/bin/python scripts/output_types.py
	$(PATHS) $(VENV)/bin/python scripts/reference.py
	$(PATHS) PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/python scripts/picture.py
	$(DOCS)/bin/python scripts/build_site.py

dist: $(VENV)/ready ## the wheel and the source archive, in dist/
	rm -rf dist
	$(VENV)/bin/python -m hatchling build

release: docs $(RELEASE)/ready ## all that a release publishes, in dist/, and what is missing before; needs Go, npm
	$(PATHS) $(VENV)/bin/python scripts/release.py $(ARGS)

pins: $(VENV)/ready ## bring the pinned environments up to date; needs uv, npm
	uv pip compile pyproject.toml --extra pulumi --extra emulator --group dev -o $(PINS)/dev.txt $(PIN_OPTIONS)
	uv pip compile pyproject.toml --extra pulumi --extra emulator --group docs -o $(PINS)/docs.txt $(PIN_OPTIONS)
	uv pip compile pyproject.toml --group fuzz -o $(PINS)/fuzz.txt $(PIN_OPTIONS)
	uv pip compile --group release -o $(PINS)/release.txt $(PIN_OPTIONS)
	uv pip compile pyproject.toml --extra pulumi --extra emulator --group test --resolution lowest-direct -o $(PINS)/lowest.txt $(PIN_OPTIONS)
	$(PATHS) $(VENV)/bin/python scripts/release.py --pin-npm

PIN_OPTIONS = --upgrade --universal --python-version 3.10 --generate-hashes --quiet --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

$(VENV)/ready: $(PINS)/dev.txt pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python $(PIP_INSTALL) --require-hashes -r $(PINS)/dev.txt
	$(VENV)/bin/python $(PIP_INSTALL) --no-build-isolation --editable .
	$(VENV)/bin/python -m pip check
	$(VENV)/bin/python $(COMPILE)
	touch $@

$(LOWEST)/ready: $(PINS)/lowest.txt pyproject.toml
	$$($(PYTHON) scripts/compat.py --oldest) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python $(PIP_INSTALL) --require-hashes -r $(PINS)/lowest.txt
	$(LOWEST)/bin/python $(PIP_INSTALL) --no-build-isolation --editable .
	$(LOWEST)/bin/python -m pip check
	$(LOWEST)/bin/python $(COMPILE)
	touch $@

# Sphinx imports the package to document it.
$(DOCS)/ready: $(PINS)/docs.txt pyproject.toml
	$(PYTHON) -m venv --clear $(DOCS)
	$(DOCS)/bin/python $(PIP_INSTALL) --require-hashes -r $(PINS)/docs.txt
	echo "$(CURDIR)" > "$$($(DOCS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/here.pth"
	touch $@

$(FUZZ)/ready: $(PINS)/fuzz.txt pyproject.toml
	$(PYTHON) -m venv --clear $(FUZZ)
	$(FUZZ)/bin/python $(PIP_INSTALL) --require-hashes -r $(PINS)/fuzz.txt
	echo "$(CURDIR)" > "$$($(FUZZ)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/here.pth"
	touch $@

$(RELEASE)/ready: $(PINS)/release.txt
	$(PYTHON) -m venv --clear $(RELEASE)
	$(RELEASE)/bin/python $(PIP_INSTALL) --require-hashes -r $(PINS)/release.txt
	touch $@

clean: ## remove what these commands leave in this folder
	rm -rf $(VENV) $(VENV)-* .fuzz build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
