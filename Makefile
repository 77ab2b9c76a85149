# Two commands matter: `make up` (a workbench on this computer) and `make test`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
DIST ?= dist
STAMP := .venv/.installed
# What Debian calls the programs the rehearsal runs: a program, its package.
PROGRAMS := dockerd:docker.io lxcfs:lxcfs mmdebstrap:mmdebstrap mkfs.xfs:xfsprogs pebble:pebble ip:iproute2 iptables:iptables losetup:util-linux
TEST_PROGRAMS := chromium:chromium certutil:libnss3-tools ssh:openssh-client curl:curl openssl:openssl
ON_REHEARSALS := tests/cloud tests/e2e tests/host tests/labs

.PHONY: help
help: ## Show what can be typed here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up
up: setup ## Make a workbench on this computer, or bring it up to date
	@$(BIN)/workbench up

.PHONY: down
down: $(STAMP) ## Remove the workbench on this computer, its data too
	@$(BIN)/workbench rehearsal.reset

.PHONY: setup
setup: $(STAMP) programs ## Install what is needed: .venv from the lock, system packages

.PHONY: programs
programs:
	@./scripts/programs $(PROGRAMS)

.PHONY: test-programs
test-programs:
	@./scripts/programs $(PROGRAMS) $(TEST_PROGRAMS)

$(STAMP): requirements.lock pyproject.toml scripts/venv
	@./scripts/venv $(PYTHON)
	@touch $@

.PHONY: check
check: $(STAMP) ## Lint, format, types and unit tests, in under 90 seconds
	@$(BIN)/ruff check . & lint=$$!; $(BIN)/ruff format --check . & format=$$!; \
	  $(BIN)/mypy & types=$$!; wait $$lint; wait $$format; wait $$types
	$(BIN)/pytest -q -n 2 tests/unit

.PHONY: test
test: check test-programs ## All tests, on a rehearsal of their own (needs root and Linux)
	$(BIN)/pytest -n 3 --dist loadscope --no-loadscope-reorder --durations=10 $(ON_REHEARSALS)

.PHONY: format
format: $(STAMP) ## Format the code and fix what the linter can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

.PHONY: dist
dist: $(STAMP) ## Build the release into dist/ (DIST=…), and check it
	@rm -f $(DIST)/diy_workbench-*
	@$(BIN)/python -m build --no-isolation --outdir $(DIST) .
	@$(BIN)/twine check --strict $(DIST)/diy_workbench-*

.PHONY: lock
lock: $(STAMP) ## Write requirements.lock again from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --quiet --extra rehearsal --extra labs --extra policy --group dev \
	  --constraint <(echo "pulumi==$$(awk '/pulumi\/pkg\/v3 v/ {print substr($$2, 2)}' workbench/engine/go.mod)") \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --upgrade --output-file requirements.lock
