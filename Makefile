# Two commands for users: `make report` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
RUN := $(BIN)/image-conformance

.PHONY: report test lint check benchmarks mutants clean

REFERENCE := $(RUN) run --provider reference --live --quiet --output reports/reference.jsonl
REPLAY := $(RUN) run --replay --quiet --output reports/counterparts.jsonl \
  --provider litellm --provider prism --provider aimock

report: $(STAMP)  ## judge the reference provider live, replay the counterparts, write reports/
	@$(REFERENCE) & first=$$!; $(REPLAY); second=$$?; wait $$first; first=$$?; \
	  $(RUN) report reports/reference.jsonl reports/counterparts.jsonl \
	    --output reports/summary.md --output reports/junit.xml && \
	  exit $$((first > second ? first : second))

test: $(STAMP) lint  ## ruff, mypy --strict, and pytest over tests/ and the replay in conformance/
	$(BIN)/pytest -q -n auto tests
	$(BIN)/pytest -q conformance

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmarks: $(STAMP)  ## speed and memory, as ratios measured in one run
	$(BIN)/python -m benchmarks

mutants: $(STAMP)  ## mutate the clauses, one change at a time: do their tests notice? (15 min)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mutation]'
	$(BIN)/python -m mutation

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@
