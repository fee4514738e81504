# make demo   open the first notebook in JupyterLab
# make test   check and test everything
# make bench  measure speed
# make dev    JupyterLab, with the front end rebuilt and reloaded at every edit
# make clean  remove all that the others made
#
# Nothing has to be installed before but Python 3.11+ and make: .ci/setup brings the rest. Each step
# leaves a file behind, so that a second run does only what has become stale.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test check bench dev clean

VENV := .venv
TOOLS := .tools
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
unexport PYTHONPATH PYTHONHOME

BUNDLE := src/specwidget/static/widget.js
BUNDLED := $(shell find js/src -type f ! -name '*.test.ts') src/specwidget/colormaps.json \
  src/specwidget/keymap.json
# Playwright's own Node.js wants a library that a bare machine lacks.
PYTEST := PLAYWRIGHT_NODEJS_PATH=$$(command -v node) python -m pytest
LAB := jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir=notebooks \
  --LabApp.default_url=/lab/tree/01_label_a_recording.ipynb

demo: $(VENV)/installed $(BUNDLE)
	$(LAB)

test: check $(TOOLS)/kernels/complete
	$(PYTEST)

check: $(VENV)/installed $(BUNDLE) $(TOOLS)/browser
	ruff check .
	ruff format --check .
	mypy
	cd js && npm run --silent check && npm run --silent lint && npm run --silent test

bench: $(VENV)/installed $(BUNDLE) $(TOOLS)/browser
	cd js && npm run --silent bench
	$(if $(wildcard tests/benchmarks),$(PYTEST) -o python_files='bench_*.py' tests/benchmarks -s)

# The bundle that is watched is made for looking into, and not left behind for a wheel.
dev: $(VENV)/installed $(BUNDLE)
	(cd js && exec node build.mjs --watch) & \
	trap "kill $$! 2>/dev/null || true; rm -f $(BUNDLE)" EXIT; ANYWIDGET_HMR=1 $(LAB)

clean:
	rm -rf $(VENV) $(TOOLS) $(dir $(BUNDLE)) js/node_modules build dist tests/e2e/artifacts
	rm -rf .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache

# An editable install finds the sources by itself; it is stale only when its metadata are. It comes
# after the bundle, which it would otherwise build once more.
$(VENV)/installed: pyproject.toml hatch_build.py src/specwidget/__init__.py $(VENV)/node | $(BUNDLE)
	python -m pip install --quiet --editable '.[dev]'
	touch $@

$(BUNDLE): $(BUNDLED) js/build.mjs js/node_modules/installed
	cd js && node build.mjs

js/node_modules/installed: js/package.json js/package-lock.json | $(VENV)/node
	cd js && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(TOOLS)/browser: | $(VENV)/node
	.ci/setup browser $(TOOLS)

# Where one cannot be had, its tests are skipped, and it is looked for again the next time.
$(TOOLS)/kernels/complete: .ci/setup | $(VENV)/pyvenv.cfg
	.ci/setup kernels $(@D)

$(VENV)/node: | $(VENV)/pyvenv.cfg
	.ci/setup node $(VENV)
	touch $@

$(VENV)/pyvenv.cfg:
	.ci/setup venv $(VENV)
