# `make` alone lists the targets.

PORT ?= 8000
NAME ?= dev
PLAN ?=
FILMS ?= 24
HOURS ?= 3 12
BOARDS ?= 40
VIDEOS ?= 200
LIMIT ?= 10

VENV := .local/venv
CARGO_DENY := 0.20.2
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
# A copy: while it runs, the next build must be able to replace the original.
LOCAL := .local/bin/local

# What is packaged for Lambda: arm64 (Graviton, a fifth cheaper) or x86_64. Local runs and tests are this machine's.
ARCH ?= arm64
TARGET_arm64 := aarch64-unknown-linux-gnu
TARGET_x86_64 := x86_64-unknown-linux-gnu
PACKAGE_TARGET = $(or $(TARGET_$(ARCH)),$(error ARCH is arm64 or x86_64, not $(ARCH)))

# cargo-lambda builds for an explicit target and adds `-C target-cpu`. Plain cargo must do exactly the same,
# or every dependency is compiled twice; flags set per target win over those that cargo-lambda adds.
# haswell and neoverse-n1 are what Lambda's processors guarantee.
export CARGO_BUILD_TARGET ?= $(HOST)
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS ?= -C target-cpu=haswell
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS ?= -C target-cpu=neoverse-n1
# zig compiles and links for both, against the C library that Lambda has or an older one (infra/zig). It is named here
# and not chosen by cargo-lambda, so that plain cargo uses it too: what is tested is what is deployed.
export CARGO_LAMBDA_COMPILER := cargo
ZIG := $(CURDIR)/infra/zig
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER := $(ZIG)/$(TARGET_x86_64)-cc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER := $(ZIG)/$(TARGET_arm64)-cc
export CC_x86_64_unknown_linux_gnu := $(ZIG)/$(TARGET_x86_64)-cc
export CC_aarch64_unknown_linux_gnu := $(ZIG)/$(TARGET_arm64)-cc
export CXX_x86_64_unknown_linux_gnu := $(ZIG)/$(TARGET_x86_64)-c++
export CXX_aarch64_unknown_linux_gnu := $(ZIG)/$(TARGET_arm64)-c++
export AR_x86_64_unknown_linux_gnu := $(ZIG)/$(TARGET_x86_64)-ar
export AR_aarch64_unknown_linux_gnu := $(ZIG)/$(TARGET_arm64)-ar
export RANLIB_x86_64_unknown_linux_gnu := $(ZIG)/$(TARGET_x86_64)-ranlib
export RANLIB_aarch64_unknown_linux_gnu := $(ZIG)/$(TARGET_arm64)-ranlib
# All of these, for what is to be built for this machine alone.
TOOLCHAIN = $(filter %_LINKER CC_% CXX_% AR_% RANLIB_%,$(.VARIABLES))

.DEFAULT_GOAL := help
.PHONY: help setup build package layers run token test-setup test fuzz bench bench-burst bench-long bench-media bench-understanding lint deploy-setup deploy doctor destroy clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (apt, .local/venv); part of the others
	@infra/local/setup.sh

build: setup ## build every function into target/lambda/
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" cargo lambda build --release --workspace --lambda-dir target/lambda

package: setup ## all that is deployed, for Lambda (ARCH=arm64 or x86_64), into target/package/, with its sizes
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" infra/package.sh $(ARCH) $(PACKAGE_TARGET)

run: build ## the whole product on http://localhost:8000 until Ctrl-C (PORT=… moves it)
	@install -D target/lambda/local/bootstrap $(LOCAL)
	@exec $(LOCAL) up --port $(PORT)

token: ## print a session token of a local user (NAME=alice PLAN=pro), while `make run` runs
	@test -x $(LOCAL) || { echo "error: no local stack yet: start one with \`make run\`" >&2; exit 1; }
	@exec $(LOCAL) token --name "$(NAME)" $(if $(PLAN),--plan "$(PLAN)")

test-setup:
	@infra/local/setup.sh --tests
	@infra/local/setup.sh --deploy

test: test-setup build ## unit, property, contract and end-to-end tests (they start stacks of their own)
	@cargo test --release --workspace

fuzz: test-setup build ## five thousand generated requests and more, against both OpenAPI documents (SEED=… repeats)
	@cargo test --release --workspace --test one_by_one -- --ignored --nocapture conformance

bench: test-setup build ## what a video costs and how long it takes, as a table
	@cargo run --release --bin bench

bench-long: test-setup build ## videos of hours through the whole local stack, an hour or so in all (HOURS="3 12")
	@cargo run --release --bin bench_long -- $(HOURS)

bench-burst: test-setup build ## many short videos at once, and the API beside them, where few functions may run at a time (VIDEOS=200 LIMIT=10)
	@cargo run --release --bin bench_burst -- $(VIDEOS) $(LIMIT)

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
	@.local/venv-bench/bin/python tests/bench_understanding/bench.py --boards $(BOARDS) \
		target/$(CARGO_BUILD_TARGET)/release/examples .local/understanding

lint: setup .local/bin/cargo-deny ## formatting, clippy, licences and bans, cfn-lint
	@cargo fmt --all --check
	@cargo clippy --release --workspace --all-targets -- -D warnings
	@.local/bin/cargo-deny check bans licenses sources
	@$(VENV)/bin/cfn-lint template.yaml infra/ci/role.yaml

layers: ## make the layers of the tools in target/layers/ARCH/ (ARCH=arm64 or x86_64; 15 to 25 min each, once)
	@infra/local/setup.sh --layers
	@ARCH=$(ARCH) infra/layers/make.sh
	@infra/layers/add.sh $(ARCH)

# Built for the machine itself, apart from the project's flags and target folder.
.local/bin/cargo-deny:
	@echo "  building cargo-deny (once)"
	@env -u CARGO_BUILD_TARGET $(foreach name,$(TOOLCHAIN),-u $(name)) cargo install --quiet --locked --root .local --version $(CARGO_DENY) cargo-deny

# What was said on make's command line, by name; the values are in the environment, where no shell reads them.
GIVEN = $(foreach name,$(.VARIABLES),$(if $(filter command line,$(origin $(name))),$(name)))
# An architecture that nobody asked for is the stack's, or the one that was packaged.
ASKED_ARCH = $(if $(filter-out file default undefined,$(origin ARCH)),$(ARCH))
DEPLOY = GIVEN="$(GIVEN)" STAGE="$(STAGE)" ARCH="$(ASKED_ARCH)" .local/venv-deploy/bin/python -B infra/deploy

deploy: deploy-setup ## deploy what `make package` and `make layers` made, asking nothing (STAGE=dev, once CLERK_ISSUER=https://…, CANARIES=on)
	@$(DEPLOY)/deploy.py

doctor: deploy-setup ## look at a deployed stage from its quotas to a clip's answer (STAGE=dev TOKEN=… or API_KEY=…)
	@$(DEPLOY)/doctor.py

destroy: deploy-setup ## remove a stage's stack; its videos and accounts stay (STAGE=dev; prod wants CONFIRM=frameiq-prod)
	@$(DEPLOY)/destroy.py

deploy-setup:
	@infra/local/setup.sh --deploy

clean: ## remove what was built and installed, and the local stack's data
	@rm -rf target .local
