# Everything that a person or CI runs. `make` lists the targets.
#
# There is one build profile, release: the binary, the tests and the benches share what they compile.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Cargo fills every core by itself, and steps in order make the output readable: `-j` changes nothing.
.NOTPARALLEL:
.PHONY: help setup tools build components languages demo test fmt lint deny example-check doc-test sdk-tests fuzz suite \
	figures figures-quality figures-calls figures-hostile figures-swap figures-memory figures-languages figures-evolution clean

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
GREENROOM := $(TARGET)/release/greenroom
FIGURES := $(TARGET)/figures
# Where what we are compared with is installed.
PEERS := $(TARGET)/peers
EXAMPLE := examples/movielens
GRAPH := $(EXAMPLE)/graph.toml
EVENTS := --events $(EXAMPLE)/ratings.csv --items $(EXAMPLE)/movies.csv
# Cargo merges the features that the selected packages ask for, and another mix compiles wasmtime anew: so commands select
# the whole workspace and narrow the kind of target. Tests bring features of their own, hence their kind from the start.
KINDS := --bins
test suite languages doc-test sdk-tests figures figures-languages figures-quality figures-calls figures-hostile figures-swap figures-evolution: KINDS := --bins --tests
# How long each fuzz target goes on.
SECONDS_EACH ?= 60
# And each of the tests that generate what they try.
test: export GREENROOM_FUZZ_SECONDS ?= 60
# Whom the demo recommends to.
SUBJECT ?= 15

# Where the host and the tests find the components that `make components` writes.
export GREENROOM_COMPONENTS := $(TARGET)/components

step = @printf '\n== %s\n' "$(1)"

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

setup: ## Make the toolchain able to build guests
	$(call step,setup)
	@scripts/setup-wasm.sh >/dev/null

build: ## Build the host
	$(call step,host)
	@cargo build --locked --release --workspace $(KINDS)

components: build ## Build the guests and package them as components
	$(call step,components)
	@GREENROOM=$(GREENROOM) scripts/guests.sh

languages: components ## Build the agents in other languages, with compilers from pip and npm
	$(call step,agents in other languages)
	@GREENROOM=$(GREENROOM) scripts/languages.sh

demo: setup components ## Train, evaluate and recommend on MovieLens
	$(call step,train)
	@$(GREENROOM) train $(GRAPH) $(EVENTS)
	$(call step,evaluate under protocol p1)
	@$(GREENROOM) eval $(GRAPH) $(EVENTS) --protocol p1
	$(call step,ten titles for subject $(SUBJECT))
	@$(GREENROOM) decide $(GRAPH) --subject $(SUBJECT) --limit 10

test: fmt lint deny components languages example-check doc-test sdk-tests fuzz suite ## Everything that CI runs

tools:
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy

fmt: tools
	$(call step,format)
	@cargo fmt --all --check
	@cargo fmt --manifest-path tests/fuzz/Cargo.toml --check

lint: tools ## Clippy on everything, warnings are errors
	$(call step,clippy)
	@cargo clippy --locked --release --workspace --all-targets -- -D warnings

deny: ## Licences, sources and advisories of the dependencies
	$(call step,dependencies)
	@scripts/deny.sh

example-check: languages ## Check the example's graph files
	$(call step,example)
	@$(GREENROOM) check $(GRAPH)
	@$(GREENROOM) check $(EXAMPLE)/polyglot.toml

doc-test: ## The examples in the documentation
	$(call step,documentation tests)
	@cargo test --locked --release --workspace --doc --quiet

sdk-tests: languages ## The SDKs' own tests, which need no host
	$(call step,tests of the SDKs)
	@scripts/sdk-tests.sh

fuzz: ## Fuzz what reads input, a minute each target; SECONDS_EACH=3600 is an hour
	$(call step,fuzz targets)
	@scripts/fuzz.sh $(SECONDS_EACH)

# The suite holds the layering test too. It comes last, so that its summary is what stays on the screen.
suite: languages ## Unit and end-to-end tests
	$(call step,tests)
	@GREENROOM_NATS=$${GREENROOM_NATS:-$$(scripts/nats.sh)}; export GREENROOM_NATS; \
	if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --locked --release --workspace --no-fail-fast --status-level slow; \
	else \
		cargo test --locked --release --workspace --lib --bins --tests --no-fail-fast --quiet; \
	fi

figures: figures-quality figures-calls figures-hostile figures-swap ## Measure everything that the project claims

figures-quality: setup components ## How good the recommendations are, to target/figures/quality.json
	$(call step,figures: quality)
	@mkdir -p $(FIGURES)
	@$(GREENROOM) eval $(GRAPH) $(EVENTS) --protocol p1 --figures $(FIGURES)/quality.json \
		--peers $(EXAMPLE)/peers.json

figures-calls: setup components ## What calls cost, to target/figures/calls.json
	$(call step,figures: calls)
	@mkdir -p $(FIGURES)
	@rm -f $(FIGURES)/calls.json
	@GREENROOM_FIGURES=$(FIGURES)/calls.json cargo bench --locked --workspace --bench calls

# Two benches write the one file.
figures-hostile: setup components ## What hostile guests and the walls against them cost, to target/figures/hostile.json
	$(call step,figures: hostile)
	@mkdir -p $(FIGURES)
	@rm -f $(FIGURES)/hostile.json
	@GREENROOM=$(GREENROOM) GREENROOM_FIGURES=$(FIGURES)/hostile.json \
		cargo bench --locked --workspace --bench hostile --bench admission

# The kills are a test, which counts what was lost.
figures-swap: setup languages ## What changing plans costs those who are served, to target/figures/swap.json
	$(call step,figures: swap)
	@mkdir -p $(FIGURES)
	@rm -f $(FIGURES)/swap.json
	@GREENROOM=$(GREENROOM) GREENROOM_FIGURES=$(FIGURES)/swap.json cargo bench --locked --workspace --bench swap
	@GREENROOM_KILLS=200 GREENROOM_FIGURES=$(FIGURES)/swap.json \
		cargo test --locked --release --workspace --test killed -- --nocapture

# Up to ten million keys, which take 4 GB of disk; `GREENROOM_MEMORY_KEYS=1000000` is up to a million.
figures-memory: export GREENROOM_MEMORY_KEYS ?= 10000000
figures-memory: ## What the shared memory layer costs, beside the engine under it, to target/figures/memory.json
	$(call step,figures: memory)
	@mkdir -p $(FIGURES)
	@rm -f $(FIGURES)/memory.json
	@GREENROOM_FIGURES=$(FIGURES)/memory.json cargo bench --locked --workspace --bench memory --bench memory_call --bench vector
	@GREENROOM_KILLS=500 cargo test --locked --release --workspace --test kill -- --nocapture
	@GREENROOM_NATS=$${GREENROOM_NATS:-$$(scripts/nats.sh)} GREENROOM_FIGURES=$(FIGURES)/memory.json \
		cargo test --locked --release --workspace --test jetstream -- \
		--nocapture --test-threads 1 a_server_that_is_killed_under_load what_a_read_and_a_write_take

# Not among `figures` either: Extism brings an engine of its own, which takes ten minutes to compile.
figures-languages: languages ## What agents cost in each language, beside Extism, to target/figures/languages.json
	$(call step,figures: languages)
	@mkdir -p $(FIGURES)
	@rm -f $(FIGURES)/languages.json
	@GREENROOM=$(GREENROOM) scripts/scorers.sh
	@GREENROOM_FIGURES=$(FIGURES)/languages.json cargo bench --locked --workspace --bench languages

# Not among `figures`: 300 trials of six arms take hours, and Optuna comes from the network. What is finished is kept.
figures-evolution: setup components ## What evolution finds beside others, to target/figures/evolution.json
	$(call step,figures: evolution)
	@mkdir -p $(FIGURES)
	@$(PEERS)/bin/python -c 'import optuna' 2>/dev/null || \
		{ python3 -m venv $(PEERS) && $(PEERS)/bin/pip install --quiet --disable-pip-version-check optuna; }
	@GREENROOM=$(GREENROOM) GREENROOM_PYTHON=$(PEERS)/bin/python GREENROOM_FIGURES=$(FIGURES)/evolution.json \
		cargo bench --locked --workspace --bench evolution

clean: ## Remove what was built
	@cargo clean
