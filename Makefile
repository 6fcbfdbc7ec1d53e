# What a developer runs; each target is done in a moment when nothing has changed.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
export PYTHON
export RAY_USAGE_STATS_ENABLED ?= 0

python := .venv/bin/python
jars := python/rayonspark/jars
version := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' python/rayonspark/_version.py)

# A built thing is as old as the content that it was built from, not as the files' times: a stamp
# has the hash of that content in its name.
hash = $(shell find $(1) -type f -not -path '*/__pycache__/*' -not -path '*/jars/*' -print0 | \
  LC_ALL=C sort -z | xargs -0 cksum | cksum | tr ' ' -)
build_files := build.sbt project/build.properties project/plugins.sbt $(wildcard project/*.scala)
jar_hash := $(call hash,$(build_files) LICENSE jvm/src/main python/rayonspark \
  $(wildcard examples/*.scala examples/*.java))
jar_stamp := $(jars)/.built-$(jar_hash)
wheel_stamp := dist/.built-$(jar_hash)-$(call hash,python/pyproject.toml README.md)

.PHONY: help env jar wheel quickstart test test-jvm test-python test-yarn test-kubernetes lint format bench-startup bench-exchange bench-control-plane clean

help: ## Say what the targets are for
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

env: ## Prepare .venv
	@tools/env.sh

jar: env $(jar_stamp) ## Build the jar, the examples' jar and a Maven repository in target/
wheel: jar $(wheel_stamp) ## Build the wheel, with the jar in it

$(jar_stamp): | env
	rm -rf target/repository
	./sbt rayonspark/package examples/package publishToDirectory
	rm -rf $(jars) && mkdir -p $(jars)
	cp jvm/target/scala-2.13/rayonspark_2.13-$(version).jar $(jars)/
	touch $@

$(wheel_stamp): $(jar_stamp) | env
	rm -rf dist
	$(python) -m build --wheel --no-isolation --outdir dist python
	touch $@

quickstart: env jar ## Run the parameter server on two real executors
	$(python) examples/parameter_server.py

test: test-jvm test-python test-yarn test-kubernetes ## Run all tests

test-jvm: env
	./sbt test

# One run, the quick rooms first.
test-python: wheel
	$(python) -m pytest tests/python tests/process tests/cluster tests/exchange tests/release

hadoop := target/hadoop/class-path

$(hadoop): build.sbt | env
	./sbt hadoop/classPath

test-yarn: jar $(hadoop) ## Run the tests on a real YARN cluster
	$(python) -m pytest tests/yarn

# Where none can run nothing is built, and the tests say why they are left out.
test-kubernetes: jar ## Run the tests on a real Kubernetes cluster, where root can start one
	if PYTHONPATH=tests $(python) -m kubernetes.machine; then tools/kubernetes.sh; fi
	$(python) -m pytest tests/kubernetes

lint: env ## Check format, style and types
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m mypy
	./sbt scalafmtCheckAll scalafmtSbtCheck

format: env ## Format everything
	$(python) -m ruff check --fix --exit-zero
	$(python) -m ruff format
	./sbt scalafmtAll scalafmtSbt

bench-startup: jar $(hadoop) ## Measure how fast a cluster comes up, on YARN and Kubernetes too
	PYTHONPATH=tests $(python) -m yarn.hadoop $(python) benchmarks/startup.py
	if PYTHONPATH=tests $(python) -m kubernetes.machine; then \
	  tools/kubernetes.sh && PYTHONPATH=tests $(python) -m kubernetes.cluster \
	    $(python) benchmarks/startup.py --scenarios k8s; fi

bench-exchange: jar ## Measure how long data takes between Spark and Ray
	PYTHONPATH=$(CURDIR)/tests $(python) benchmarks/exchange.py

bench-control-plane: env ## Measure what many nodes cost the driver
	./sbt "rayonspark/Test/runMain org.rayonspark.ControlPlane"

clean: ## Remove what was built, except .venv
	rm -rf target project/target project/project dist jvm/target $(jars)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@# Where Spark's local-cluster keeps the logs of its executors.
	rm -rf .venv/lib/python3.*/site-packages/pyspark/work
