# Everything runs in .venv, which `make setup` fills from requirements.lock. Only Python 3.11 and make must be there.
PYTHON ?= python3.11
PORT ?= 4200
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: setup demo test serve bench lint

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv \
		&& .venv/bin/uv pip install --python .venv/bin/python --compile-bytecode -r requirements.lock \
		|| .venv/bin/python -m pip install --disable-pip-version-check -r requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	git rev-parse --git-dir >/dev/null 2>&1 || git init --quiet
	m3p run --profile demo

test: setup
	OMP_NUM_THREADS=1 python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

serve: setup
	python -m flows.serve --port $(PORT)

bench: setup
	for file in benchmarks/*.py; do python $$file || exit 1; done

lint: setup
	ruff check .
	ruff format --check .
	mypy
