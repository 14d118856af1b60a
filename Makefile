# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help demo check test soak lint docs bench clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST)

demo: ## Show the main job on real parts: a signed commit run in a container with a wrapped token
	@examples/demo/run

check: ## Run in two minutes what needs no root and no engine: lint, types, architecture, unit tests
	@$(PYTHON) tests/run.py check

test: ## Set the machine up and run every check
	@$(PYTHON) tests/run.py test

soak: ## Run for long what make test runs a tenth of
	@$(PYTHON) tests/run.py soak

lint: ## Run the checks that need nothing but the sources
	@$(PYTHON) tests/run.py lint

docs: ## Build the documentation, and say where it is
	@$(PYTHON) tests/run.py docs
	@echo $(CURDIR)/docs/build/html/index.html

bench: ## Print how fast things are, against a floor or peer measured beside them
	@$(PYTHON) tests/run.py --show bench

clean: ## Remove what all of these have made here
	rm -rf .cache .hypothesis .mypy_cache .nox .pytest_cache .ruff_cache docs/build tests/output
