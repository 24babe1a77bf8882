# make demo MESSAGE="…"   set up, then build a project from one message
PYTHON ?= python3
WORKERS ?= auto
MESSAGE ?= Build dashboard with auth
# The message is text, never code: handed over in the environment, expanded neither by make nor by the shell.
export SYNERGY_MESSAGE := $(value MESSAGE)
unexport MESSAGE
# Compile each module once, not in each of our processes: it is half of the time that they take to start.
unexport PYTHONDONTWRITEBYTECODE
# Small matrices: threads of BLAS only stand in the way of the other processes.
export OPENBLAS_NUM_THREADS ?= 1
RUN := .venv/bin/python
CHECKS := check-lint check-format check-types check-imports check-sizes check-locks

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check capabilities messages messages-built recorded bench bench-engine bench-models bench-telemetry chaos dashboards doctor lock clean watchers observe $(CHECKS)

help:
	@echo 'make demo [MESSAGE="…"]  build a project     make up      start everything and stay'
	@echo 'make test                all tests           make check   lint, types, architecture, locks'
	@echo 'make setup               install             make doctor  what is here, what is missing'
	@echo 'make dashboards          Grafana dashboards: up to date, and of the types that Grafana publishes'
	@echo 'make bench               a warm build next to the bare tools'
	@echo 'make chaos               break everything, prove that nothing is lost (25 minutes)'
	@echo 'make observe             real Prometheus and Alertmanager: every alert fires, is delivered, ends (4 minutes)'
	@echo 'make bench-models        what ledger, gate and cache add to a call of a model'
	@echo 'make bench-telemetry     what traces, logs and metrics add to a warm build (10 minutes)'
	@echo 'make bench-engine        what orchestration costs, next to Celery, DBOS, LangGraph and Temporal'
	@echo 'make capabilities        projects with all capabilities, in the browser (25 minutes)'
	@echo 'make messages            300 messages planned, and what was understood (2 minutes)'
	@echo 'make messages-built      20 of them built (half an hour)'
	@echo 'make recorded            five messages with a recorded model, each twice (18 minutes)'
	@echo 'make lock                lock files anew     make clean   remove what can be made again'

setup:
	@$(PYTHON) scripts/setup.py

demo: setup
	@$(RUN) manage.py build -- "$$SYNERGY_MESSAGE"

up: setup
	@$(RUN) manage.py up

# Without them the tests of rules and routes are skipped, so that it does not matter here whether they could be got.
test: setup
	@$(RUN) scripts/watchers.py --quiet
	@$(RUN) -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

capabilities: setup
	@ALL_CAPABILITIES=1 $(RUN) -m pytest -q tests/capabilities tests/acceptance/walker tests/uiagents/test_ui.py

messages: setup
	@$(RUN) -m tests.inference.messages $(ARGS)

# Every message is built; --sample, --count and --seed are those of `make messages`.
messages-built: setup
	@$(RUN) -m tests.inference.messages $(ARGS) --write var/messages.jsonl
	@$(RUN) manage.py evaluate messages var/messages.jsonl

recorded: setup
	@$(RUN) scripts/recorded.py

watchers: setup
	@$(RUN) scripts/watchers.py

observe: setup
	@$(RUN) scripts/watchers.py
	@$(RUN) scripts/observe.py

check: setup
	@$(MAKE) --no-print-directory -k -j 2 --output-sync=target $(CHECKS)

# The TypeScript of Grafana's own types is the judge; `check` and the tests hold the files against their generator and the metrics.
dashboards: setup
	@$(RUN) -m slo.dashboards check
	@$(RUN) -m slo.dashboards schema

check-lint:
	@$(RUN) -m ruff check .
check-format:
	@$(RUN) -m ruff format --check .
check-types:
	@$(RUN) -m mypy .
check-imports:
	@.venv/bin/lint-imports --no-logo 2>&1 || .venv/bin/lint-imports
check-sizes:
	@$(RUN) -m pytest -q -p no:cacheprovider tests/test_architecture.py
check-locks:
	@$(RUN) scripts/locks.py check

bench: setup
	@$(RUN) scripts/bench.py

bench-telemetry: setup
	@$(RUN) scripts/bench_telemetry.py

bench-models: setup
	@$(RUN) scripts/bench_models.py

bench-engine: setup
	@$(RUN) scripts/bench_engine.py

chaos: setup
	@$(RUN) manage.py chaos --report $(ARGS)

doctor: setup
	@$(RUN) manage.py doctor

lock: setup
	@$(RUN) scripts/locks.py write $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache var/cache
	@echo 'Runs and data in var/ were kept.'
