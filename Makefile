UV := $(shell command -v uv || echo .tools/bin/uv)
RUN := $(UV) run --frozen

.DEFAULT_GOAL := help
.PHONY: help up test check fix bench features web docs verify clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-9s %s\n", $$1, $$2}'

.tools/bin/uv:
	@python3 -m pip install --quiet --target .tools 'uv==0.13.8'

up: $(UV) ## start everything on this machine, with real PostgreSQL and NATS; Ctrl-C stops it
	@$(RUN) tickmark up $(ARGS)

fix: $(UV) ## format, and mend what the linter can
	@$(RUN) ruff format -q . && $(RUN) ruff check -q --fix .

check: $(UV) ## format, lint, types, imports, unit tests: seconds, before each commit
	@$(RUN) ruff format -q --check . && $(RUN) ruff check -q .
	@$(RUN) basedpyright
	@$(RUN) lint-imports --no-cache
	@$(RUN) pytest -q tests/unit

test: $(UV) ## every test a fresh clone can run
	@$(RUN) pytest -n 2 --dist loadfile tests/unit tests/contract tests/integration tests/e2e

bench: $(UV) ## the timing budgets, each beside its peer or ceiling in the same run
	@$(RUN) python -m tests.bench

features: $(UV) ## which promised behaviours a test proves, and which nobody has yet
	@$(RUN) python tests/features.py

docs: $(UV) ## write what is generated
	@$(RUN) python -m contracts.catalogue docs

verify: docs ## fail when something generated is stale
	@git diff --exit-code --stat -- docs && $(UV) lock --check -q

clean: ## remove what builds made (never .tickmark/, which holds a log)
	@rm -rf .venv .tools .ruff_cache .pytest_cache .hypothesis dist
	@find . -name __pycache__ -not -path './.tickmark/*' -prune -exec rm -rf {} +
