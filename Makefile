# What a person and CI type. `make` alone lists the targets; every target sets up what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

# Programs that the tests run, each with the Debian package that has it.
PROGRAMS := sshd=openssh-server ssh=openssh-client sudo=sudo curl=curl gpg=gnupg ip=iproute2 git=git \
  busybox=busybox fish=fish tcsh=tcsh zsh=zsh

# $(call timed,NAME,TARGETS): the targets one after another; at the end, well or badly, how long they took.
define timed
@times=""; \
trap 'code=$$?; case $$code in 0) word=done ;; 130) word=interrupted ;; *) word=FAILED ;; esac; \
  printf "\nmake %s: %s in %d min %d s (seconds:%s)\n" "$(1)" "$$word" $$((SECONDS / 60)) $$((SECONDS % 60)) "$$times"' EXIT; \
trap 'exit 130' INT TERM; \
for part in $(2); do began=$$SECONDS; $(MAKE) $$part; times+=" $$part $$((SECONDS - began))"; done
endef

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: programs $(VENV)/.made ## virtual environment in .venv, and Debian packages the tests need

.PHONY: programs
programs:
	@missing=(); \
	for each in $(PROGRAMS); do \
	  PATH="$$PATH:/usr/sbin:/sbin" command -v "$${each%%=*}" >/dev/null || missing+=("$${each#*=}"); \
	done; \
	if [ "$${#missing[@]}" = 0 ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "make: the tests need $${missing[*]}; install them, or run make as root on Debian" >&2; exit 2; \
	fi; \
	echo "== apt: $${missing[*]}"; \
	policy=/usr/sbin/policy-rc.d; \
	if [ ! -e "$$policy" ]; then \
	  trap 'rm -f "$$policy"' EXIT; \
	  printf '#!/bin/sh\nexit 101\n' >"$$policy"; chmod 0755 "$$policy"; \
	fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	install() { apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$${missing[@]}"; }; \
	install >/dev/null 2>&1 || { apt-get update -q && install; } </dev/null

# Pinned by constraints.txt; built without isolation, so that hatchling is pinned too.
$(VENV)/.made: pyproject.toml constraints.txt
	@echo "== virtual environment in $(VENV)"
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: needs Python 3.11 or newer with venv (Debian: python3-venv); point to one with PYTHON=..." >&2; exit 2; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q -c constraints.txt pip hatchling editables
	@$(BIN)/python -m pip install -q -c constraints.txt --no-build-isolation -e . --group dev
	@touch $@
	@$(BIN)/kubeboot version

.PHONY: lab
lab: ## build the lab; 12-15 minutes the first time, then seconds (root)
	@echo "== lab build"
	@./lab/lab build

.PHONY: check
check: setup ## format, lint, types, import rules, unit tests
	@echo "== ruff format --check"; $(BIN)/ruff format --check .
	@echo "== ruff check"; $(BIN)/ruff check .
	@echo "== shellcheck"; $(BIN)/shellcheck demo/*.sh .ci/run
	@echo "== mypy"; $(BIN)/mypy
	@echo "== lint-imports"; PATH="$(BIN):$$PATH" lint-imports >$(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }; tail -n 1 $(VENV)/imports.txt
	@echo "== unit tests"; $(call pytest,not lab and not lab_long and not lab_faults,-n auto --dist worksteal)

.PHONY: system
system: setup
	@echo "== system tests"; $(call pytest,lab and not lab_long and not lab_faults)

# $(call pytest,MARKERS,OPTIONS): the tests of these markers. None at all (pytest's exit 5) is no pass.
define pytest
code=0; PATH="$(CURDIR)/$(BIN):$$PATH" python -m pytest -q -m '$(1)' $(2) $(PYTEST_ARGS) || code=$$?; \
if [ $$code = 5 ]; then echo "make: no test was selected by -m '$(1)' $(PYTEST_ARGS)" >&2; fi; exit $$code
endef

.PHONY: test
test: ## everything: set-up, check, lab, system tests on the lab (root)
	$(call timed,test,setup check lab system)

.PHONY: test-long
test-long: setup lab ## five hosts, three control planes, cables and reboots, and a hunt for secrets (root)
	@echo "== long system tests"; $(call pytest,lab_long)

# POINTS="finish.* *.power-cut": only those. NEW=1: only what docs/faults.md does not call good yet. JOBS: so many labs side
# by side, each with an equal part of the points.
POINTS ?=
NEW ?=
JOBS ?= 2
.PHONY: test-faults
test-faults: setup ## the matrix of faults, into docs/faults.md; more than an hour (root)
	@export KUBEBOOT_FAULTS_TABLE="$(CURDIR)/docs/faults.md" KUBEBOOT_FAULTS_POINTS="$(POINTS)" KUBEBOOT_FAULTS_NEW="$(NEW)"; \
	export PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONUNBUFFERED=1; pids=(); code=0; SECONDS=0; base=$$(mktemp -d); \
	set -m; trap 'kill -INT "$${pids[@]}"' INT TERM; \
	for ((part = 1; part <= $(JOBS); part++)); do \
	  KUBEBOOT_FAULTS_PART=$$part/$(JOBS) python -m pytest -q -m 'lab or lab_faults' --tb=short --basetemp=$$base/$$part $(PYTEST_ARGS) tests/faults & pids+=($$!); \
	done; \
	for pid in "$${pids[@]}"; do wait $$pid || { each=$$?; [ $$each = 5 ] || code=$$each; }; done; wait; \
	rm -rf "$$base"; printf 'make test-faults: %s in %d min\n' "$$([ $$code = 0 ] && echo done || echo FAILED)" $$((SECONDS / 60)); exit $$code

.PHONY: demo
demo: ## three bare hosts become a cluster, before your eyes (root)
	$(call timed,demo,setup lab show)

.PHONY: show
show: setup
	@bash demo/demo.sh

.PHONY: bench
bench: setup lab ## compare with the same work sent by plain OpenSSH (root)
	@$(BIN)/python -m bench

.PHONY: golden
golden: setup ## write the golden scripts and docs/causes.md anew, after a wanted change
	@KUBEBOOT_GOLDEN=1 $(BIN)/python -m pytest -q tests/phases tests/causes

.PHONY: dist
dist: setup ## wheel and sdist in dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .

.PHONY: clean
clean: ## remove what make made here; /var/cache/kubeboot-lab stays
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
