UV := $(shell command -v uv || echo .tools/bin/uv)
RUN := $(UV) run --frozen
WEB := services/gateway/web
NPM := $(RUN) npm --prefix $(WEB)
PACKAGES := $(WEB)/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help up test check fix bench features web docs verify clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-9s %s\n", $$1, $$2}'

.tools/bin/uv:
	@python3 -m pip install --quiet --target .tools 'uv==0.13.8'

up: $(UV) ## start everything on this machine, with real PostgreSQL and NATS; Ctrl-C stops it
	@$(RUN) tickmark up $(ARGS)

web: services/gateway/src/gateway/static/index.html ## build the page; Node comes with the tools, none is needed

services/gateway/src/gateway/static/index.html: $(PACKAGES) \
    $(shell find $(WEB) -name node_modules -prune -o -type f -print)
	@$(NPM) run --silent build

$(PACKAGES): $(WEB)/package-lock.json | $(UV)
	@$(NPM) ci --silent

fix: $(UV) ## format, and mend what the linter can
	@$(RUN) ruff format -q . && $(RUN) ruff check -q --fix .

check: $(UV) $(PACKAGES) ## format, lint, types, imports, unit tests: seconds, before each commit
	@$(RUN) ruff format -q --check . && $(RUN) ruff check -q .
	@$(RUN) basedpyright
	@$(RUN) lint-imports --no-cache
	@for member in libs/* services/* cli simulator; do \
	  told=$$($(RUN) --no-sync --directory $$member deptry src 2>&1) || { echo "$$told"; exit 1; }; done
	@$(NPM) run --silent check
	@$(RUN) pytest -q tests/unit

test: $(UV) ## every test a fresh clone can run
	@if $(MAKE) -s $(PACKAGES); then $(MAKE) -s web && $(NPM) run --silent test; \
	else echo "npm's registry is out of reach: the page and its tests are left out"; fi
	@$(RUN) pytest -n 2 --dist loadfile tests/unit tests/contract tests/integration tests/e2e

bench: $(UV) ## the timing budgets, each beside its peer or ceiling in the same run
	@$(RUN) python -m tests.bench

features: $(UV) ## which promised behaviours a test proves, and which nobody has yet
	@$(RUN) python tests/features.py

docs: $(UV) ## write what is generated
	@$(RUN) python -m contracts.catalogue docs
	@$(RUN) python -m gateway.description docs/openapi.json

verify: docs ## fail when something generated is stale
	@git diff --exit-code --stat -- docs && $(UV) lock --check -q

clean: ## remove what builds made (never .tickmark/, which holds a log)
	@rm -rf .venv .tools .ruff_cache .pytest_cache .hypothesis dist $(WEB)/node_modules
	@find . -name __pycache__ -not -path './.tickmark/*' -prune -exec rm -rf {} +
