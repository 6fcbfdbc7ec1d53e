# The commands for developers. A target with nothing to rebuild takes only a moment.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
export PYTHON
export RAY_USAGE_STATS_ENABLED ?= 0

python := .venv/bin/python
jars := python/rayonspark/jars
# Selects the Spark for test-yarn, test-kubernetes and bench-exchange: make bench-exchange SPARK=3.5
with_spark := $(if $(SPARK),tools/with-spark.sh $(SPARK))
hadoop := target/hadoop/class-path
# Spark's classes as a JVM maps them: tests start JVMs in half of the time.
classes := target/spark-classes.jsa
version := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' python/rayonspark/_version.py)

# A build is up to date if its sources have the same content, whatever their modification times: the
# name of its stamp file contains a hash of that content.
hash = $(shell find $(1) -type f -not -path '*/__pycache__/*' -not -path '*/jars/*' -print0 | \
  LC_ALL=C sort -z | xargs -0 cksum | cksum | tr ' ' -)
build_files := build.sbt project/build.properties project/plugins.sbt $(wildcard project/*.scala)
jar_hash := $(call hash,$(build_files) LICENSE jvm/src/main python/rayonspark \
  $(wildcard examples/*.scala examples/*.java))
jar_stamp := $(jars)/.built-$(jar_hash)
jars_stamp := $(jars)/.built-all-$(jar_hash)
wheel_stamp := dist/.built-$(jar_hash)-$(call hash,python/pyproject.toml README.md)

.PHONY: help env jar jars wheel quickstart kubernetes test test-fast test-jvm test-python test-matrix test-yarn test-kubernetes lint format bench-startup bench-exchange bench-control-plane soak-kills clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

env: ## Create or update .venv
	@tools/env.sh

jar: env $(jar_stamp) ## Build the jar for the newest Spark, the examples, and a Maven repository in target/
jars: jar $(jars_stamp) ## Build the jars for all Sparks
wheel: jars $(wheel_stamp) ## Build the wheel, which contains all jars

$(jar_stamp): | env
	rm -rf target/repository
	./sbt jar examples/package
	rm -rf $(jars) && mkdir -p $(jars)
	cp target/repository/org/rayonspark/*/$(version)/*-$(version).jar $(jars)/
	touch $@

$(jars_stamp): $(jar_stamp) | env
	./sbt jars
	cp target/repository/org/rayonspark/*/$(version)/*-$(version).jar $(jars)/
	touch $@

$(wheel_stamp): $(jars_stamp) | env
	rm -rf dist
	$(python) -m build --wheel --no-isolation --outdir dist python
	touch $@

quickstart: env jar ## Run the parameter server on two real executors
	$(python) examples/parameter_server.py

suites = $(with_spark) $(python) tests/suites.py

test: wheel $(classes) $(hadoop) kubernetes ## Run all tests, suite by suite
	$(suites)

test-fast: lint jar $(classes) ## Run lint, the unit tests for Scala and Python, and the main job
	$(suites) jvm python
	$(python) -m pytest tests/cluster/test_main_job.py

test-jvm: env
	$(suites) jvm

test-python: wheel $(classes)
	$(suites) python process security cluster exchange matrix release

# All cells, or the named ones: make test-matrix CELLS="spark-4.0_2.13 debian-13"
test-matrix: jars ## Run a smoke test with each Spark, with older versions of Ray, and on Debian 13
	PYTHONPATH=tests $(python) -m matrix --cells $(CELLS)

$(classes): tests/fast_jvm.py python/requirements-dev.txt | jar
	PYTHONPATH=tests $(python) -m fast_jvm

$(hadoop): build.sbt | env
	./sbt hadoop/classPath

test-yarn: $(if $(SPARK),jars,jar) $(hadoop) ## Run the tests on a real YARN cluster
	$(suites) yarn

# Builds nothing if this machine cannot run Kubernetes; the tests are then skipped with the reason.
kubernetes: env
	if PYTHONPATH=tests $(python) -m kubernetes.machine; then tools/kubernetes.sh; fi

test-kubernetes: $(if $(SPARK),jars,jar) kubernetes ## Run the tests on a real Kubernetes cluster, if root can start one
	$(suites) kubernetes

lint: env ## Check format, style and types
	$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m mypy
	./sbt scalafmtCheckAll scalafmtSbtCheck

format: env ## Format everything
	$(python) -m ruff check --fix --exit-zero
	$(python) -m ruff format
	./sbt scalafmtAll scalafmtSbt

bench-startup: jar $(hadoop) ## Measure how fast a cluster starts, also on YARN and Kubernetes
	PYTHONPATH=tests $(python) -m yarn.hadoop $(python) benchmarks/startup.py
	if PYTHONPATH=tests $(python) -m kubernetes.machine; then \
	  tools/kubernetes.sh && PYTHONPATH=tests $(python) -m kubernetes.cluster \
	    $(python) benchmarks/startup.py --scenarios k8s; fi

bench-exchange: $(if $(SPARK),jars,jar) ## Measure how long transfers between Spark and Ray take
	PYTHONPATH=$(CURDIR)/tests $(with_spark) $(python) benchmarks/exchange.py

bench-control-plane: env ## Measure the load of many nodes on the driver
	./sbt "spark43_213/Test/runMain org.rayonspark.ControlPlane"

soak-kills: jar ## Kill a Ray node at a random moment of each of 200 transfers; takes most of an hour
	PYTHONPATH=$(CURDIR)/tests $(python) -m exchange.many_kills

clean: ## Remove all build output, except .venv
	rm -rf target project/target project/project dist $(jars)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@# Spark's local-cluster writes the logs of its executors here.
	rm -rf .venv/lib/python3.*/site-packages/pyspark/work
