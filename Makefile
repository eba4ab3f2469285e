# The two commands of the README, thin over cargo, npm and xtask. `make help` lists them.

TARGET := $(or $(CARGO_TARGET_DIR),target)
# What tools/bootstrap.sh may have installed, in the order in which it looks.
export PATH := $(CURDIR)/.tools/node_modules/.bin:$(PATH):$(HOME)/.cargo/bin

PORTAL_SOURCES := $(shell find portal/src portal/public portal/scripts portal/index.html portal/package.json \
	portal/vite.config.ts portal/tsconfig.json -type f 2>/dev/null)

.PHONY: help run test bootstrap bootstrap-tests

help:
	@echo "make run    build and start server, portal and this machine's sensor (https://127.0.0.1:8443)"
	@echo "make test   everything that a change must pass"

bootstrap:
	@tools/bootstrap.sh

bootstrap-tests:
	@tools/bootstrap.sh --tests

# The last line is exec'd, so that Ctrl-C reaches nenrin and nothing waits in between.
run: bootstrap portal/dist/index.html
	cargo build --release --locked -p server --features portal -p sensor
	exec $(TARGET)/release/nenrin up --data-dir .nenrin/server --sensor-dir .nenrin/sensor

test: bootstrap-tests portal/node_modules/.package-lock.json
	cd portal && npm run ci
	if cargo clippy --version >/dev/null 2>&1; then cargo clippy --workspace --all-targets --locked -- -D warnings; fi
	cargo test --workspace --locked
	cargo xtask scenario open-formats
	cargo xtask scenario clients
	cargo xtask scenario shippers
	cargo xtask scenario first-look
	cargo xtask scenario storm
	cargo xtask scenario kill 5
	cargo xtask scenario kill 3 --negative
	cd portal && npm run e2e

portal/node_modules/.package-lock.json: portal/package-lock.json | bootstrap
	cd portal && npm ci
	touch $@

portal/dist/index.html: portal/node_modules/.package-lock.json $(PORTAL_SOURCES)
	cd portal && npm run build
	touch $@
