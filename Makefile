# demo and test install what they need; the rest needs what test needs.
SHELL = /bin/sh
# Queries are checked against .sqlx/, whatever DATABASE_URL says in this shell; `make sqlx` refreshes it.
export SQLX_OFFLINE = true

.PHONY: demo test test-systemd release chaos restarts fuzz mutants lint lint-js axe test-axe fetch-axe setup setup-demo setup-test setup-systemd setup-bench setup-bench-ratings setup-bench-images setup-bench-live setup-bench-pages setup-fuzz setup-lint-js setup-mutants setup-deny screenshots bench-queue bench-ratings bench-live bench-images bench-pages bench-content bench-talks sqlx deny

demo: setup-demo  ## run a whole site here, with data of its own in .pawdium/
	cargo build --release
	@exec target/release/pawdium-demo

test: setup-test  ## run every test, with a throwaway Postgres and Redis
	cargo build --workspace --all-targets
	target/debug/pawdium-demo with-stack -- cargo test --workspace

test-systemd: setup-systemd  ## install the site on a Debian of its own as the README says, and break what it depends on
	$(if $(BIN_DIR),,@$(MAKE) release)
	@scripts/test-systemd $(or $(BIN_DIR),target/dist)

release:  ## the programs of a site, stripped, in target/dist, and their debug symbols in target/dist/debug
	cargo build --release -p pawdium -p pawdium-web -p pawdium-worker -p pawdium-scheduler
	@scripts/strip target/release target/dist

DURATION = 600
chaos: setup-demo  ## break things for DURATION= seconds under load, and count what was lost; SEED= repeats the order, ONLY=site
	cargo build --release -p pawdium-chaos -p pawdium-web -p pawdium-worker -p pawdium-scheduler
	@exec target/release/pawdium-chaos --duration $(DURATION) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

PAGES = 2000
RESTARTS = 20
restarts: setup-test  ## restart web RESTARTS= times under PAGES= open pages, and look for one that misses a change
	cargo build --workspace --all-targets
	PAWDIUM_PAGES=$(PAGES) PAWDIUM_RESTARTS=$(RESTARTS) target/debug/pawdium-demo with-stack -- \
		cargo test -p pawdium-web --test site -- --nocapture no_page_misses_a_change_while_web_restarts

FUZZ_SECONDS = 60
FUZZ_TARGETS = probe orientation reply jpeg
fuzz: setup-fuzz  ## try each fuzz target for FUZZ_SECONDS=, from the hostile corpus on; FUZZ_TARGETS= names some
	mkdir -p testing/fuzz/seeds
	HOSTILE_CORPUS_INTO=$(CURDIR)/testing/fuzz/seeds cargo test --workspace --test hostile
	testing/fuzz/run $(FUZZ_SECONDS) $(FUZZ_TARGETS)

MINUTES = 30
mutants: setup-mutants  ## mutate FILES= (default: what the last commit touched) for MINUTES= and report what no test notices; TESTS= adds packages
	scripts/mutants $(MINUTES) $(FILES)

lint:  ## formatting, clippy and rustdoc, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

OXLINT = oxlint@1.94.0
lint-js: setup-lint-js  ## the pages' scripts
	npm install --silent --no-audit --no-fund --no-save --prefix target/lint $(OXLINT)
	target/lint/node_modules/.bin/oxlint --config web/.oxlintrc.json web/static

AXE = axe-core@4.14.1
AXE_FILE = $(CURDIR)/target/axe/node_modules/axe-core/axe.min.js
axe: setup-test fetch-axe  ## every page through axe, in both themes, on a phone and on a desktop
	cargo build --workspace --all-targets
	PAWDIUM_AXE=$(AXE_FILE) target/debug/pawdium-demo with-stack -- cargo test --workspace --test site -- axe

test-axe: fetch-axe  ## test, with axe
	PAWDIUM_AXE=$(AXE_FILE) $(MAKE) test

fetch-axe: setup-lint-js
	npm install --silent --no-audit --no-fund --no-save --prefix target/axe $(AXE)

setup: setup-test
setup-demo setup-test setup-systemd setup-bench setup-bench-ratings setup-bench-images setup-bench-live setup-bench-pages setup-fuzz setup-lint-js setup-mutants setup-deny:  ## install what is missing
	@scripts/setup $(@:setup-%=%)

screenshots: setup-test  ## pictures of a running demo, in target/screenshots
	cargo run -p pawdium-web --example screenshots

bench-queue: setup-bench  ## the job queue beside its peers; BENCH="ours --rounds 1", BENCH=sizes, BENCH=idle
	testing/bench/peers/install queue
	cargo build --release -p pawdium-bench --bin queue
	@exec $${CARGO_TARGET_DIR:-target}/release/queue $(BENCH)

bench-ratings: setup-bench-ratings  ## ratings through HTTP beside `pgbench -N` on the same Postgres; BENCH="--rounds 1"
	cargo build --release -p pawdium-web -p pawdium-worker -p pawdium-bench --bin pawdium-web --bin pawdium-worker --bin ratings
	@exec $${CARGO_TARGET_DIR:-target}/release/ratings $(BENCH)

bench-live: setup-bench-live  ## from a change to open pages, beside an axum and a Node server; BENCH=s3, BENCH="update s5 --without-peers"
	cargo build --release -p pawdium-web -p pawdium-worker -p pawdium-bench --bin pawdium-web --bin pawdium-worker \
		--bin live --bin broadcast
	@exec $${CARGO_TARGET_DIR:-target}/release/live $(BENCH)

bench-images: setup-bench-images  ## photographs made into squares, beside the peers; BENCH="--files leaves --rounds 1"
	testing/bench/peers/install images
	testing/bench/photographs
	cargo build --release -p pawdium-bench --bin images
	@exec $${CARGO_TARGET_DIR:-target}/release/images $(BENCH)

bench-pages: setup-bench-pages  ## a baked page beside the same page rendered, nginx and Django; BENCH="--rounds 1"
	testing/bench/peers/install pages
	cargo build --release -p pawdium-web -p pawdium-worker -p pawdium-bench --bin pawdium-web --bin pawdium-worker --bin pages
	@exec $${CARGO_TARGET_DIR:-target}/release/pages $(BENCH)

bench-content: setup-bench-ratings  ## topics, search and comments on a site with a million photos; BENCH="--photos 100000 --plans"
	cargo build --release -p pawdium-bench --bin content
	@exec $${CARGO_TARGET_DIR:-target}/release/content $(BENCH)

bench-talks: setup-bench-ratings  ## the owners' pages of a call with 500 talks and 100,000 votes; BENCH="--requests 20"
	cargo build --release -p pawdium-web -p pawdium-worker -p pawdium-bench --bin pawdium-web --bin pawdium-worker --bin talks
	@exec $${CARGO_TARGET_DIR:-target}/release/talks $(BENCH)

sqlx:  ## refresh .sqlx/ after a query or the schema has changed
	scripts/sqlx

deny: setup-deny  ## licences, sources and bans of all dependencies; CHECK=advisories fetches the advisories
	cargo deny --all-features check $(or $(CHECK),bans licenses sources)
