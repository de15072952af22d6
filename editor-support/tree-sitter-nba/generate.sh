#!/usr/bin/env bash
# Makes src/ from grammar.js. Takes `tree-sitter` from PATH if it is there; else builds its generator from Debian's
# source package (tree-sitter 0.20.7, language version 14) with Debian's Rust libraries: `apt-get install` needs root,
# and cargo must be there. The generator is kept in NBA_TREE_SITTER (default ~/.cache/nbadsl/tree-sitter-0.20.7).
set -euo pipefail
cd "$(dirname "$0")"

if command -v tree-sitter > /dev/null; then
  exec tree-sitter generate --abi 14
fi

home=${NBA_TREE_SITTER:-${XDG_CACHE_HOME:-$HOME/.cache}/nbadsl/tree-sitter-0.20.7}
if [ ! -x "$home/target/release/generate" ]; then
  mkdir -p "$home/src" "$home/constants/src" "$home/.cargo"
  sources=$(mktemp -d)
  mkdir -p "$sources/lists/partial"
  sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources > "$sources/debian.sources"
  apt="apt-get -qq -o Dir::Etc::sourceparts=$sources -o Dir::Etc::sourcelist=/dev/null -o Dir::State::lists=$sources/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root"
  $apt update
  (cd "$sources" && $apt source --download-only tree-sitter=0.20.7-1 && tar -xf tree-sitter_0.20.7.orig.tar.xz)
  libraries=$(printf 'librust-%s-dev ' anyhow indexmap lazy-static log regex regex-syntax rustc-hash semver \
    serde serde-derive serde-json smallbitvec)
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $libraries > /dev/null
  cp -r "$sources"/tree-sitter-*/cli/src/generate "$home/src/"
  cp "$sources"/tree-sitter-*/lib/include/tree_sitter/parser.h "$home/constants/src/"
  rm -r "$sources"
  cat > "$home/Cargo.toml" << 'CARGO'
[package]
name = "generate"
version = "0.20.7"
edition = "2018"

[dependencies]
anyhow = "1"
indexmap = "1"
lazy_static = "1"
log = { version = "0.4", features = ["std"] }
regex = "1"
regex-syntax = "0.6"
rustc-hash = "1"
semver = "1"
serde = { version = "1", features = ["derive"] }
serde_json = { version = "1", features = ["preserve_order"] }
smallbitvec = "2"
tree-sitter = { path = "constants" }
CARGO
  # All that the generator takes from the library is these constants.
  cat > "$home/constants/Cargo.toml" << 'CARGO'
[package]
name = "tree-sitter"
version = "0.20.7"
edition = "2018"
CARGO
  cat > "$home/constants/src/lib.rs" << 'RUST'
pub const LANGUAGE_VERSION: usize = 14;
pub const MIN_COMPATIBLE_LANGUAGE_VERSION: usize = 13;
pub const PARSER_HEADER: &str = include_str!("parser.h");
RUST
  cat > "$home/src/main.rs" << 'RUST'
#![allow(dead_code, warnings)]
mod generate;

fn main() -> anyhow::Result<()> {
    generate::generate_parser_in_directory(&std::env::current_dir()?, None, 14, false, None)
}
RUST
  cat > "$home/.cargo/config.toml" << 'CARGO'
[source.crates-io]
replace-with = "debian"

[source.debian]
directory = "/usr/share/cargo/registry"

[env]
RUST_BINDING_VERSION = "0.20.7"
CARGO
  (cd "$home" && cargo build --release --offline --quiet)
fi
"$home/target/release/generate"
