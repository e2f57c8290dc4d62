#!/usr/bin/env bash
# `package.sh ARCH TARGET`: makes target/package/{ARCH}, which is what is deployed: the template with all that it names,
# in the same places as in the checkout, so that every path in it holds.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=$1
target=$2
package=target/package/$arch

# A component of the toolchain, not of this project: a pinned toolchain has it ready or fetches it.
rustup target list --installed 2>/dev/null | grep -qx "$target" || rustup target add "$target" ||
    { echo "error: Rust cannot build for $target: rustup target add $target" >&2; exit 1; }

mapfile -t functions < <(sed -n 's|^ *CodeUri: target/lambda/\(.*\)/$|\1|p' template.yaml)
[ ${#functions[@]} -gt 0 ] ||
    { echo "error: no line of template.yaml reads \`CodeUri: target/lambda/NAME/\`: say in $0 how it names its functions" >&2; exit 1; }
if [ "$target" = "$CARGO_BUILD_TARGET" ]; then
    # What local runs and tests use is what is deployed.
    make --no-print-directory build
    built=target/lambda
else
    built=target/lambda-$arch
    cargo lambda build --release --package functions --target "$target" --lambda-dir "$built"
fi

rm -rf "$package/target/lambda"
mkdir -p "$package/infra"
cp template.yaml "$package/"
cp infra/pipeline.asl.json "$package/infra/"
for function in "${functions[@]}"; do
    # A copy: the next build must not reach into what is being deployed.
    install -D "$built/$function/bootstrap" "$package/target/lambda/$function/bootstrap"
done
infra/layers/add.sh "$arch"

# As SAM will zip them; what counts for the account's storage and for the time that an upload takes.
printf '%-28s %9s %9s\n' "$arch" 'MB' 'MB zipped'
unzipped=0 zipped=0
for function in "${functions[@]}"; do
    program=$package/target/lambda/$function/bootstrap
    size=$(stat -c %s "$program")
    packed=$(gzip -6 -c "$program" | wc -c)
    unzipped=$((unzipped + size)) zipped=$((zipped + packed))
    printf '%-28s %9.1f %9.1f\n' "$function" "$((size / 100000))e-1" "$((packed / 100000))e-1"
done
printf '%-28s %9.1f %9.1f\n' "${#functions[@]} functions" "$((unzipped / 100000))e-1" "$((zipped / 100000))e-1"
