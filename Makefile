# Targets that people and CI share. `make demo` and `make test` set everything up in .venv; no root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c config/constraints.txt
SOURCES := setup.py config/constraints.txt
REAL_TIME := realtime or ros or e2e

.PHONY: setup setup-test demo unit test soak train-smoke measured check covered format clean

setup: $(VENV)/.runtime

setup-test: $(VENV)/.test

$(VENV)/.runtime: $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[ros,sim,bags,perception,viewer,report]'
	touch $@

$(VENV)/.test: $(VENV)/.runtime
	$(PIP) torch==2.13.0
	$(PIP) -e '.[ros,sim,bags,perception,viewer,report,export,train,test]'
	touch $@

demo: setup
	$(BIN)/dexterity demo

# Unit tests need neither ROS nor torch and take seconds.
unit: setup-test
	$(BIN)/python -m pytest -q -m "not slow" --ignore test/ros --ignore test/e2e --ignore test/bench --ignore test/parity --ignore test/training --ignore test/studies

# What computes and nothing else runs on all cores at once, and who is done takes over from who is not; what runs in real time has the machine to itself.
test: setup-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist worksteal --durations 25 $(BUT) -m "not ($(REAL_TIME) or smoke or soak)"
	$(BIN)/python -m pytest --durations 25 -m "($(REAL_TIME)) and not (smoke or soak)"

# Whole systems that are interrupted, fed nonsense, killed: minutes, and a machine that does nothing else.
soak: setup-test
	$(BIN)/python -m pytest -q -m soak test/e2e test/ros

# Trains for about two minutes and shows that it was worth it.
train-smoke: setup-test
	$(BIN)/python -m pytest -q -s -m smoke test/training

# The page of measured figures, from docs/measured/*.json.
measured: setup
	$(BIN)/python -m dexterity_ros.reporting.measured docs/measured docs/measured.md

check: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q test/architecture
	$(MAKE) covered

# What decides whether the hand moves, and what is read from files: every branch is taken by a unit test of its own folder.
covered: setup-test
	$(BIN)/python -m pytest -q -n auto --dist loadfile test/safety test/contracts --cov=dexterity_ros.safety --cov=dexterity_ros.contracts \
	  --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

format: setup-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
