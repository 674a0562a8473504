#!/usr/bin/env bash
# The README's first example compiles and runs as it stands, in a new crate outside the workspace.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
crate=$(mktemp -d)
trap 'rm -rf "$crate"' EXIT
mkdir "$crate/src"

# The dependencies it names, with our crate by path.
awk '/^```toml/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$root/README.md" >"$crate/deps.toml"
grep -q '^steadfast = ' "$crate/deps.toml" || { echo "the README's first toml block names no steadfast"; exit 1; }
{
    printf '[package]\nname = "readme"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'
    grep -q '^\[dependencies\]' "$crate/deps.toml" || echo '[dependencies]'
    sed -E "s#^steadfast = .*#steadfast = { path = \"$root/runtime\" }#" "$crate/deps.toml"
} >"$crate/Cargo.toml"
awk '/^```rust/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$root/README.md" >"$crate/src/main.rs"
cp "$root/Cargo.lock" "$crate/Cargo.lock"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}/readme"
cargo run --quiet --manifest-path "$crate/Cargo.toml"
