# `make` alone lists the targets.

PORT ?= 8000
NAME ?= dev
PLAN ?=
FILMS ?= 24
HOURS ?= 3 12
BOARDS ?= 40

VENV := .local/venv
CARGO_DENY := 0.20.2
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
# A copy: while it runs, the next build must be able to replace the original.
LOCAL := .local/bin/local

# cargo-lambda builds for an explicit target and adds `-C target-cpu`. Plain cargo must do exactly the same,
# or every dependency is compiled twice; flags set per target win over those that cargo-lambda adds.
# haswell and neoverse-n1 are what Lambda's processors guarantee.
export CARGO_BUILD_TARGET ?= $(HOST)
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS ?= -C target-cpu=haswell
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS ?= -C target-cpu=neoverse-n1
# The machine's own linker instead of zig: what is built here runs here, and needs this machine's glibc or a newer one.
export CARGO_LAMBDA_COMPILER ?= cargo

.DEFAULT_GOAL := help
.PHONY: help setup build run token test-setup test fuzz bench bench-long bench-media bench-understanding lint layers clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (apt, .local/venv); part of the others
	@infra/local/setup.sh

build: setup ## build every function into target/lambda/
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" cargo lambda build --release --workspace --lambda-dir target/lambda

run: build ## the whole product on http://localhost:8000 until Ctrl-C (PORT=… moves it)
	@install -D target/lambda/local/bootstrap $(LOCAL)
	@exec $(LOCAL) up --port $(PORT)

token: ## print a session token of a local user (NAME=alice PLAN=pro), while `make run` runs
	@test -x $(LOCAL) || { echo "error: no local stack yet: start one with \`make run\`" >&2; exit 1; }
	@exec $(LOCAL) token --name "$(NAME)" $(if $(PLAN),--plan "$(PLAN)")

test-setup:
	@infra/local/setup.sh --tests

test: test-setup build ## unit, property, contract and end-to-end tests (they start stacks of their own)
	@cargo test --release --workspace

fuzz: test-setup build ## five thousand generated requests and more, against both OpenAPI documents (SEED=… repeats)
	@cargo test --release --workspace --test one_by_one -- --ignored --nocapture conformance

bench: test-setup build ## what a video costs and how long it takes, as a table
	@cargo run --release --bin bench

bench-long: test-setup build ## videos of hours through the whole local stack, an hour or so in all (HOURS="3 12")
	@cargo run --release --bin bench_long -- $(HOURS)

bench-media: ## how good and how cheap scene detection and extraction are, beside their peers (FILMS=24 a half)
	@infra/local/setup.sh --bench
	@tests/bench_media/footage.sh .local/footage .local/venv-bench/bin/pip
	@cargo build --release -p media --examples
	@.local/venv-bench/bin/python tests/bench_media/bench.py --films $(FILMS) \
		target/$(CARGO_BUILD_TARGET)/release/examples .local/footage .local/films

bench-understanding: test-setup build ## how well text, speakers and words are told from generated videos and found again, beside simple peers, and how soon an answer begins (BOARDS=40 a half)
	@infra/local/setup.sh --bench
	@cargo build --release --workspace --examples
	@cargo build --release --bin bench_first_event
	@.local/venv-bench/bin/python tests/bench_understanding/bench.py --boards $(BOARDS) --minilm .local/opt/models/minilm \
		target/$(CARGO_BUILD_TARGET)/release/examples .local/understanding

lint: setup .local/bin/cargo-deny ## formatting, clippy, licences and bans, cfn-lint
	@cargo fmt --all --check
	@cargo clippy --release --workspace --all-targets -- -D warnings
	@.local/bin/cargo-deny check bans licenses sources
	@$(VENV)/bin/cfn-lint template.yaml

layers: ## make the layers of the tools in target/layers/ARCH/ (ARCH=arm64 or x86_64; 15 to 25 min each, once)
	@infra/local/setup.sh --layers
	@infra/layers/make.sh

# Built for the machine itself, apart from the project's flags and target folder.
.local/bin/cargo-deny:
	@echo "  building cargo-deny (once)"
	@env -u CARGO_BUILD_TARGET cargo install --quiet --locked --root .local --version $(CARGO_DENY) cargo-deny

clean: ## remove what was built and installed, and the local stack's data
	@rm -rf target .local
