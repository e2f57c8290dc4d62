#!/usr/bin/env bash
# `add.sh ARCH`: puts the layers of that architecture into its package. Part of both `make package` and `make layers`, so
# that either may come first.
set -euo pipefail
cd "$(dirname "$0")/../.."
layers=target/layers/$1
package=target/package/$1
[ -d "$package" ] && [ -d "$layers" ] || exit 0
rm -rf "$package/target/layers"
mkdir -p "$package/target/layers"
# None is there while the first is being made, or after that failed.
shopt -s nullglob
for layer in "$layers"/*/; do
    cp -a "${layer%/}" "$package/target/layers/"
done
