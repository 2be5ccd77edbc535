# For any Unix make: no feature of one make only. `make help` lists what there is.
.POSIX:

BIN = .venv/bin
# `make bench BENCH=` runs the full rounds.
BENCH = --quick
# `make install PYTHON=/path/to/python` chooses the interpreter.
PYTHON =

.PHONY: help install demo test check bench clean

help:
	@echo "make demo     simulate My Major Company before and after the cap of 22 May 2008, and write the report"
	@echo "make test     ruff, mypy and the tests"
	@echo "make check    ruff and mypy only"
	@echo "make bench    the benchmarks, quick rounds (full ones: make bench BENCH=)"
	@echo "make install  set up .venv with every extra but the benchmarks' peers"
	@echo "make clean    remove what these commands made"

install:
	@PYTHON="$(PYTHON)" .ci/install all

demo: install
	@$(BIN)/comaker compare my-major-company --change task.stake.terms.cap=1000.00 \
		--without-amendments --out demo-report
	@echo "Open it in a browser: $$(pwd)/demo-report/index.html"

check: install
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: check
	@$(BIN)/python -m pytest -n 2

bench:
	@PYTHON="$(PYTHON)" .ci/install all,bench
	@set -e; for script in $$(grep -l __main__ bench/*.py); do echo "== $$script"; $(BIN)/python "$$script" $(BENCH); done

clean:
	rm -rf .venv .uv demo-report build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
