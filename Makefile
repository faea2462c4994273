# The verbs. `make local` and `make test` need Rust 1.95 with its C compiler, Python 3 with venv, and make; whatever
# else they use is put into .tools/ and target/ inside this checkout. But as root on Debian `make test` installs
# chromium-headless-shell and strace with apt-get, and `make bench` valgrind; elsewhere what needs them is skipped, and counted.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOLS := .tools
CARGO_LAMBDA := $(CURDIR)/$(TOOLS)/bin/cargo-lambda
FUNCTIONS := consent-start redirect-callback decoupled-poll account-fetch consent-manage
ARCH ?= x86_64
export CARGO_LAMBDA

.PHONY: assure load help local invoke token test check client teeth ledger budget bench fuzz build smoke validate deploy ministack reseal explain after-restore try-pending enrol tools clean page-test screenshot bench-page

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

local: tools ## Everything on this machine: a bank, a table, a front door, the functions (FRESH=1 starts anew)
	@echo "Building (the first time takes minutes) …"
	@cargo build --workspace --quiet
	@exec cargo run --quiet --bin local -- --pretty

token: ## An access token of a user for `make local` (USER_ID=demo-user)
	@cargo run --quiet --bin local -- token $(or $(USER_ID),demo-user)

invoke: tools ## One event against `make local`: F=<function> E=<file in events/, without .json>
	@test -f events/$(E).json -a -n "$(F)" || { echo "usage: make invoke F=<function> E=<file in events/, without .json>" >&2; exit 2; }
	@$(CARGO_LAMBDA) lambda invoke --invoke-address 127.0.0.1 $(F) --data-file events/$(E).json

test: tools ## What continuous integration runs, but for the check for advisories
	@./.ci/test.sh

page-test: tools ## The page of `make local` in a real Chromium; pictures go to target/screenshots
	@cargo build --workspace --locked --quiet
	@$(TOOLS)/bin/python tests/page/page_test.py

screenshot: page-test ## The picture in the README, as the tests of the page took it
	@cp target/screenshots/accounts-wide.png docs/page.png

check: ## Fast: formatting, clippy, unit tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo test --workspace --lib --quiet

teeth: tools ## Seeded bugs in a copy of the checkout: each must be caught by the test named for it (BUG=word)
	@python3 tests/teeth/teeth.py $(if $(BUG),"$(BUG)")

load: ## 64 callers at once, the bank at 0 ms and at 300 ms: no 5xx, flat memory and files (LOAD_SECONDS=60 each)
	@cargo build --workspace --quiet
	@cargo test --workspace --quiet --test journeys -- --ignored sixty_four_callers

assure: tools ## The long tier: `make test`, then 2 000 pairs of faults, 1 000 freezes, load, fuzz, ministack, all teeth; writes docs/assurance.md
	@./.ci/assure.sh

ledger: ## Reads ledgers made by chance in every way (SEEDS=10000, more than a million rows; SEED=n repeats one)
	@LEDGER_SEEDS=$(or $(SEEDS),10000) cargo test --workspace --lib --quiet -- ledger::tests::properties --nocapture

BENCHES ?= functions instructions scale transactions
bench: ## What the code costs, and FREEZES=1000 freezes; long (release). Tables go to target/bench/ (BENCHES="functions scale")
	@./.ci/need.sh valgrind valgrind
	@cargo build --release --locked --quiet $(FUNCTIONS:%=-p %) -p floor
	@cargo build --release --locked --quiet -p bench
	@for bench in $(BENCHES); do cargo run --release --locked --quiet -p bench -- $$bench; done
	@cargo build --workspace --locked --quiet
	@FREEZES=$(or $(FREEZES),1000) cargo test --workspace --locked --test journeys --quiet -- freezes --nocapture

bench-page: ## Puts the tables of target/bench/ into docs/performance.md
	@cargo run --release --locked --quiet -p bench -- page

# Stable Rust has what the fuzzer needs: counters on every branch, compared values, and a C++ compiler for the rest.
FUZZ_TARGETS ?= $(notdir $(wildcard tests/fuzz/corpus/*))
FUZZ_SECONDS ?= 60
FUZZ_HOST = $(shell rustc -vV | sed -n 's/^host: //p')
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares

fuzz: ## Looks for bytes that break a reader: FUZZ_SECONDS=60 for each of FUZZ_TARGETS="accounts transactions …"
	@RUSTFLAGS="$(FUZZ_FLAGS)" cargo build --profile fuzz --locked --quiet -p fuzz --target $(FUZZ_HOST) --target-dir target/fuzz
	@for target in $(FUZZ_TARGETS); do \
		echo "== $$target"; \
		mkdir -p target/fuzz/corpus/$$target target/fuzz/found; \
		FUZZ_TARGET=$$target target/fuzz/$(FUZZ_HOST)/fuzz/fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
			-max_len=16384 -print_final_stats=1 -verbosity=0 -artifact_prefix=target/fuzz/found/$$target- \
			target/fuzz/corpus/$$target tests/fuzz/corpus/$$target || exit 1; \
	done
	@echo "measure | fuzz targets, each searched without a finding | $(words $(FUZZ_TARGETS)) targets, $(FUZZ_SECONDS) s each | no finding | -"

budget: ## Unattended reads over a thousand days, with deaths and renewals (DAYS=1000; BUDGET_SEED=n repeats one)
	@BUDGET_DAYS=$(or $(DAYS),1000) cargo test --workspace --test journeys --quiet -- budget_days --nocapture

client: tools ## A whole journey in TypeScript, typed from openapi.yaml, against a stack of its own (needs Node 20)
	@./.ci/client.sh

build: tools ## Release zips of all functions under target/lambda/<arch>, with checksums (ARCH=x86_64 or arm64)
	@./.ci/build.sh $(ARCH) $(FUNCTIONS)

smoke: tools ## What `make build` left, run: each bootstrap answers its events (ARCH must be this machine's)
	@./.ci/smoke.sh $(ARCH)

validate: tools $(TOOLS)-sam/.ready ## The template, by cfn-lint and by SAM
	@$(TOOLS)/bin/cfn-lint template.yaml
	@AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-eu-north-1} SAM_CLI_TELEMETRY=0 $(TOOLS)-sam/bin/sam validate --lint --template-file template.yaml

deploy: $(TOOLS)-sam/.ready ## The built zips to AWS, by SAM: STAGE=sandbox or live of samconfig.toml (docs/deploy.md)
	@$(TOOLS)-sam/bin/python .ci/deploy.py "$(STAGE)"

ministack: tools $(TOOLS)-ministack/.ready ## The journeys with ministack as table and secret store (JOURNEYS=word)
	@./.ci/ministack.sh $(JOURNEYS)

# The operator's verbs (docs/runbook.md) take table, secret and bank from the environment; LOCAL=1: those of `make local`,
# whose clock is the simulated bank's.
OPERATOR := cargo run --quiet --bin operator --
ifdef LOCAL
OPERATOR := set -a; . $(or $(LOCAL_STATE),target/local)/functions.env; set +a; $(OPERATOR) --at "$$(curl -s 127.0.0.1:$(or $(BANK_CONTROL_PORT),8445)/clock | sed -n 's/.*"now": "\([^"]*\)".*/\1/p')"
endif

reseal: ## Seals everything with the newest sealing key, before an older one is dropped (LOCAL=1: of `make local`)
	@$(OPERATOR) reseal

explain: ## How one consent stands and how it came to that, without secrets: ID=<consent id> (LOCAL=1)
	@test -n "$(ID)" || { echo "usage: make explain ID=<consent id>" >&2; exit 2; }
	@$(OPERATOR) explain $(ID)

after-restore: ## Lapses every active grant: after the table was put back to an earlier state (LOCAL=1)
	@$(OPERATOR) after-restore

try-pending: ## Handshakes with the certificates of the pending version of the secret, before it is promoted (LOCAL=1)
	@$(OPERATOR) try-pending

enrol: ## What would be sent to the bank to get a client id; APPLY=1 sends it; WHAT=certificate: for another one (LOCAL=1)
	@$(OPERATOR) enrol $(WHAT) $(if $(filter 1,$(APPLY)),apply)

tools: $(TOOLS)/.ready ## The pinned tools, inside the checkout

# Beside `tools`: large, and only for the verbs that name them. Each in an environment of its own, since they need different
# versions of the same packages.
$(TOOLS)/.ready: requirements.txt
$(TOOLS)-sam/.ready: requirements-sam.txt
$(TOOLS)-ministack/.ready: requirements-ministack.txt

$(TOOLS)/.ready $(TOOLS)-sam/.ready $(TOOLS)-ministack/.ready:
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo "Python 3 has no venv here (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing what $< names into $(@D)/ (once)"
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

clean: ## Removes what was built, the tools and the state of `make local`
	rm -rf target $(TOOLS) $(TOOLS)-sam $(TOOLS)-ministack
