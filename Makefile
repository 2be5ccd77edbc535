# For any Unix make: no feature of one make only. `make help` lists what there is.
.POSIX:

BIN = .venv/bin
# `make bench BENCH=` runs the full rounds.
BENCH = --quick
# `make install PYTHON=/path/to/python` chooses the interpreter.
PYTHON =
# `make demo PORT=8080` opens the site elsewhere.
PORT = 8000

.PHONY: help install demo compare test check chromium bench clean

help:
	@echo "make demo     a living site: My Major Company after a simulated year, on http://127.0.0.1:$(PORT)"
	@echo "make compare  what the cap of 22 May 2008 did: a report of both simulated worlds"
	@echo "make test     ruff, mypy and the tests"
	@echo "make check    ruff and mypy only"
	@echo "make bench    the benchmarks, quick rounds (full ones: make bench BENCH=)"
	@echo "make install  set up .venv with every extra but the benchmarks' peers"
	@echo "make clean    remove what these commands made"

install:
	@PYTHON="$(PYTHON)" .ci/install all

demo: install
	@$(BIN)/comaker demo --port $(PORT) --data demo-data

compare: install
	@$(BIN)/comaker compare my-major-company --change task.stake.terms.cap=1000.00 \
		--without-amendments --out demo-report
	@echo "Open it in a browser: $$(pwd)/demo-report/index.html"

check: install
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: check chromium
	@$(BIN)/python -m pytest -n 2

# Says how to get one where it is missing; the tests that need it are skipped then.
chromium:
	@.ci/chromium

bench:
	@PYTHON="$(PYTHON)" .ci/install all,bench
	@set -e; for script in $$(grep -l __main__ bench/*.py | grep -v published); do echo "== $$script"; $(BIN)/python "$$script" $(BENCH); done

clean:
	rm -rf .venv .uv demo-data demo-report build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
