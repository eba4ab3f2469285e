#!/bin/sh
# Installs what building (and with --tests, testing) needs and this machine does not have yet. Nothing else.
# Meant for a fresh Debian 12 or Ubuntu as root; elsewhere it says what is missing. A second run does nothing.
set -eu
cd "$(dirname "$0")/.."

# The oldest versions that the sources build with: edition 2024 features, Vite's requirement.
RUST_MIN=1.95.0
NODE_MIN=20.19.0
# What is installed into .tools when the system's Node.js is too old.
NODE_PACKAGE=node@22
NPM_PACKAGE=npm@11

PATH="$PWD/.tools/node_modules/.bin:$PATH:$HOME/.cargo/bin"
tests=no
case "${1-}" in
"") ;;
--tests) tests=yes ;;
*)
    echo "usage: tools/bootstrap.sh [--tests]" >&2
    exit 2
    ;;
esac

say() { echo "bootstrap: $*" >&2; }
die() {
    say "$*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# at_least MINIMUM VERSION
at_least() {
    [ -n "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "needs root for: $*"
    fi
}

updated=no
apt_update() {
    [ "$updated" = no ] || return 0
    updated=yes
    as_root apt-get update -qq
}

apt_install() {
    have apt-get || die "this is neither Debian nor Ubuntu: install what provides $* and run again"
    say "installing $*"
    apt_update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The version that apt would install, without epoch and Debian revision.
apt_version() {
    have apt-cache || return 0
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p'
}

system_packages() {
    missing=""
    have clang || missing="$missing clang"
    have make || missing="$missing make"
    have cc || missing="$missing gcc libc6-dev"
    have curl || missing="$missing curl"
    have git || missing="$missing git"
    have pkg-config || missing="$missing pkg-config"
    [ -e /usr/include/libelf.h ] || missing="$missing libelf-dev"
    [ -e /usr/include/zlib.h ] || missing="$missing zlib1g-dev"
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
    # shellcheck disable=SC2086 # a list of package names
    [ -z "$missing" ] || apt_install $missing
}

rust_is_new() {
    # What was just installed may hide behind the shell's memory of where programs are.
    hash -r
    have cargo && have rustc && at_least "$RUST_MIN" "$(rustc --version 2>/dev/null | cut -d ' ' -f 2)"
}

rustup_toolchain() {
    say "installing the stable Rust toolchain with rustup"
    rustup toolchain install stable --profile minimal --component clippy --component rustfmt
    # For this folder only: another project's default stays as it is.
    rustup override set stable
}

rust() {
    rust_is_new && return 0
    if have rustup; then
        rustup_toolchain
    else
        have apt-get && apt_update
        if at_least "$RUST_MIN" "$(apt_version rustc-web)"; then
            # Debian keeps a current compiler under this name to build its browsers.
            apt_install rustc-web cargo-web rustfmt-web
        elif [ -n "$(apt_version rustup)" ]; then
            apt_install rustup
            rustup_toolchain
        else
            say "installing rustup"
            curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain none
            rustup_toolchain
        fi
    fi
    rust_is_new || die "Rust is still older than $RUST_MIN: $(rustc --version 2>&1)"
}

node_is_new() {
    hash -r
    have node && have npm && at_least "$NODE_MIN" "$(node --version 2>/dev/null | cut -c 2-)"
}

node_js() {
    node_is_new && return 0
    have npm || apt_install npm
    node_is_new && return 0
    say "installing $NODE_PACKAGE into .tools"
    # npm comes along: an old npm leaves out optional packages that its own Node.js is too old for.
    npm install --loglevel=error --no-audit --no-fund --prefix .tools "$NODE_PACKAGE" "$NPM_PACKAGE"
    node_is_new || die "Node.js is still older than $NODE_MIN"
}

browser() {
    if ! { [ -n "${CHROMIUM-}" ] || have chromium || have google-chrome; }; then
        # Ubuntu's package is a stub that starts a snap, which containers and CI can't install.
        if grep -qs '^ID=ubuntu' /etc/os-release; then
            die "the browser tests need Chromium: install Google Chrome's package, or set CHROMIUM to a browser's path"
        fi
        apt_install chromium
    fi
    # Screenshots and layouts of Japanese text need a font that has it.
    [ -n "$(fc-list :lang=ja 2>/dev/null)" ] || apt_install fontconfig fonts-noto-cjk
}

# Other engines read our table, and real clients ask the server: from PyPI, the clients in a network of their own.
python() {
    have ip || apt_install iproute2
    have unshare || apt_install util-linux
    python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv
}

# Shippers that send to us in a scenario. Debian installs rsyslog or syslog-ng, never both: one that is there stays.
shippers() {
    have syslog-ng && return 0
    [ -n "$(find /usr/lib -name omelasticsearch.so 2>/dev/null | head -n 1)" ] || apt_install rsyslog rsyslog-elasticsearch
}

system_packages
rust
node_js
if [ "$tests" = yes ]; then
    browser
    python
    shippers
    cargo clippy --version >/dev/null 2>&1 || say "clippy is not installed (rustup has it): lints will not be checked"
fi
