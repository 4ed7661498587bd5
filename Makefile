# Two commands for users: `make report` and `make test`. Both set themselves up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
RUN := $(BIN)/image-conformance
# Hundreds of processes import the suite: compiled once, whatever the environment says of that.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: report sample picture test long lint ruff mypy replay benchmarks fuzz fuzz-files proof mutants kills year docs clean compile

REFERENCE := $(RUN) run --provider reference --live --quiet --output reports/reference.jsonl
REPLAY := $(RUN) run --replay --quiet --output reports/counterparts.jsonl \
  --provider litellm --provider prism --provider aimock

report: $(STAMP)  ## judge the reference provider live, replay the counterparts, write reports/
	@$(REFERENCE) & first=$$!; $(REPLAY); second=$$?; wait $$first; first=$$?; \
	  $(RUN) report reports/reference.jsonl reports/counterparts.jsonl --output reports && \
	  exit $$((first > second ? first : second))

SAMPLE := reports/sample.jsonl

sample: $(STAMP)  ## write the committed sample anew: the counterparts, of one model each
	@$(REPLAY) --models 'dall-e-3' --output $(SAMPLE)
	@$(RUN) report $(SAMPLE) --quiet --output reports/sample/index.html --output reports/sample/summary.md

picture: $(STAMP)  ## draw the README's picture anew: the counterparts, and what they do with parameters
	@$(REPLAY) --models 'gpt-image-1.5' --output reports/picture.jsonl
	@$(BIN)/python -m tests.comparison_picture reports/picture.jsonl

# one more than there are cores: some tests wait, for a browser or a process
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

test: $(STAMP)  ## ruff, mypy --strict, and pytest over tests/ and the replay in conformance/
	@$(BIN)/python -m tests.browser
	@$(MAKE) --no-print-directory --jobs 2 mypy ruff replay compile
	$(BIN)/pytest -q -n $(WORKERS) tests

# Beside mypy and once: each worker would rewrite the asserts of all tests, and hypothesis would read
# our modules for constants. `make test` says next what is wrong.
compile: $(STAMP)
	@$(BIN)/pytest -q tests -k test_key_is_found_in_pieces > /dev/null || true

long: $(STAMP)  ## the tests with all of what `make test` has a sample of (10 min)
	EXTENT=all $(BIN)/pytest -q -n $(WORKERS) tests

replay: $(STAMP)
	$(BIN)/pytest -q conformance

lint: ruff mypy

ruff: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: $(STAMP)
	$(BIN)/mypy

benchmarks: $(STAMP)  ## speed and memory, as ratios measured in one run; first their own tests
	$(BIN)/pytest -q benchmarks
	$(BIN)/python -m benchmarks

proof: $(STAMP)  ## every clause against every planted defect, as a page
	$(RUN) prove --output reports/proof.html --output reports/proof.json

SECONDS ?= 660
fuzz: $(STAMP)  ## fuzz the readers of hostile bytes: make fuzz SECONDS=3600 TARGETS='answers images'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,fuzz]'
	$(BIN)/python fuzz/run.py $(SECONDS) $(TARGETS)

fuzz-files: SECONDS := 240
fuzz-files: TARGETS := cassettes yaml har run-files
fuzz-files: fuzz  ## a minute of each reader of files that somebody else may have made

docs: $(STAMP)  ## a page a clause, with a real failure of each, and the table of promises, in site/
	rm -rf site
	$(RUN) docs --output site

mutants: $(STAMP)  ## mutate the clauses, one change at a time: do their tests notice? (30 min)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mutation]'
	EXTENT=all $(BIN)/python -m mutation

KILLS ?= 100
kills: $(STAMP)  ## kill live runs at random moments and resume them: is anything billed sent twice?
	$(BIN)/python -m tests.kills $(KILLS)

NIGHTS ?= 365
year: $(STAMP)  ## a year of nights of five providers on a virtual clock: false alarms, regressions, cents
	$(BIN)/python -m tests.year $(NIGHTS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist

EXTRAS ?= dev
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@
