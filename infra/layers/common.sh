# shellcheck shell=bash disable=SC2034,SC2154  # The scripts read and set what is named here.
# Sourced by the scripts of the layers: where things are, and how they are fetched, checked and compiled.
set -euo pipefail
here=infra/layers
cache=.local/layers
downloads=$cache/downloads
pins=$here/sources.txt
venv=.local/venv
# The oldest C library that everything here starts with: Lambda has 2.34, Debian 11 has 2.31.
GLIBC=2.28
JOBS=${JOBS:-2}

fail() {
    echo "error: $*" >&2
    exit 1
}

case "${ARCH:=arm64}" in
    x86_64) machine=x86_64 cpu=haswell ;;
    arm64) machine=aarch64 cpu=neoverse_n1 ;;
    *) fail "ARCH=$ARCH is not an architecture of Lambda; say ARCH=arm64 or ARCH=x86_64" ;;
esac
layers=$PWD/target/layers/$ARCH
build=$PWD/$cache/build/$ARCH
log=$cache/logs

# zig compiles for any machine, and for an older C library than this machine's.
zig=$(echo "$PWD/$venv"/lib/python3*/site-packages/ziglang/zig)

# What compiling depends on beside the source.
toolchain() {
    echo "$ARCH $GLIBC $cpu" "${zig%/ziglang/zig}"/ziglang-*.dist-info | sed 's|[^ ]*/||g'
    declare -f unpack compilers
}

# `stamp FILES…`: one word for what a layer is made of and how. How its parts are fetched changes nothing.
stamp() {
    { cat "$@" && toolchain; } | sha256sum | cut -d' ' -f1
}

# `is_current LAYER STAMP`: whether the layer was made of just that.
is_current() {
    [ "$(cat "$layers/.$1.stamp" 2>/dev/null)" = "$2" ]
}

# `logged NAME WHAT COMMAND…`: runs it with its output in a log of that name.
logged() {
    local to=$log/$ARCH-$1.log what=$2
    shift 2
    mkdir -p "$log"
    "$@" >"$to" 2>&1 && return
    fail "$what did not work; see the end of $to: $(grep -iE 'error|fail|not found' "$to" | grep -v '^make' | tail -n 1)"
}

# `pinned LAYER WHERE [PACKAGE]`: package, version, licence, sha256 and file of each pin.
pinned() {
    awk -v layer="$1" -v where="$2" -v package="${3:-}" \
        '$1 == layer && $2 == where && (package == "" || $3 == package) { print $3, $4, $5, $6, $7 }' "$pins"
}

has_hash() {
    [ -f "$2" ] && [ "$(sha256sum <"$2" | cut -d' ' -f1)" = "$1" ]
}

# `debian_sources LAYER`: downloads the layer's pinned Debian sources that are not at hand yet.
debian_sources() {
    local package version hash file
    mkdir -p "$downloads"
    while read -r package version _ hash file; do
        has_hash "$hash" "$downloads/$file" && continue
        rm -f "$downloads/$file"
        if [ -n "${SOURCES_MIRROR:-}" ]; then
            from_mirror "$package" "$file"
        else
            from_debian "$package" "$version"
        fi
        has_hash "$hash" "$downloads/$file" ||
            fail "$downloads/$file is not the file that $pins names by its hash: someone changed it on its way, so do not use it; try SOURCES_MIRROR=…"
    done < <(pinned "$1" debian)
}

# A folder or URL with the files themselves, or laid out as Debian's archive is.
from_mirror() {
    local package=$1 file=$2 letter place
    letter=${package:0:1}
    case $package in lib*) letter=${package:0:4} ;; esac
    for place in "$file" "pool/main/$letter/$package/$file"; do
        case $SOURCES_MIRROR in
            http://* | https://*) curl -fsSL --retry 3 -o "$downloads/$file" "$SOURCES_MIRROR/${place//+/%2B}" 2>/dev/null && return ;;
            *) cp "$SOURCES_MIRROR/$place" "$downloads/$file" 2>/dev/null && return ;;
        esac
    done
    fail "$file is not in SOURCES_MIRROR=$SOURCES_MIRROR, neither there itself nor in pool/main/$letter/$package/"
}

# From the archive that this machine installs from, by a configuration of our own: the machine's need not name sources.
from_debian() {
    local package=$1 version=$2 apt=$PWD/$cache/apt codename file
    local instead="set SOURCES_MIRROR to a folder or URL that has the files which $pins names, such as a day of Debian's snapshot archive"
    command -v apt-get >/dev/null || fail "no apt-get here to fetch Debian's sources with; $instead"
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") ||
        fail "this is no Debian, so its package sources are others; $instead"
    local options=(-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Dir::Etc::SourceList=/dev/null
        -o "Dir::Etc::SourceParts=$apt/sources" -o Acquire::Languages=none -o APT::Sandbox::User=root)
    mkdir -p "$log"
    if [ ! -e "$apt/.complete" ]; then
        rm -rf "$apt"
        mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
            grep -qsE "\b$codename(-updates|-security)?\b.*" "$file" || continue
            case $file in
                *.list) sed -nE "s/^deb(-src)?( .*\b)$codename\b/deb-src\2bookworm/p" "$file" ;;
                *) sed -E "s/^Types:.*/Types: deb-src/; /^Suites:/s/\b$codename\b/bookworm/g" "$file" ;;
            esac >"$apt/sources/${file##*/}"
        done
        logged apt "reading Debian's list of sources (no network?)" apt-get "${options[@]}" update
        touch "$apt/.complete"
    fi
    (cd "$downloads" && apt-get "${options[@]}" source --download-only "$package=$version") \
        >"$log/$ARCH-apt.log" 2>&1 && return
    rm -f "$apt/.complete"
    local newer
    newer=$(apt-cache "${options[@]}" madison "$package" 2>/dev/null | awk '$NF == "Sources" { print $3; exit }')
    [ -n "$newer" ] && [ "$newer" != "$version" ] &&
        fail "Debian has replaced $package $version by $newer: pin that in $pins (infra/layers/README.md says how), or $instead"
    fail "$package $version could not be fetched ($(tail -n 1 "$log/$ARCH-apt.log")); run it again, or $instead"
}

# `unpack PACKAGE LAYER FOLDER`: Debian's source of a package with Debian's patches, as dpkg-source would.
unpack() {
    local hash file patch folder=$3
    rm -rf "$folder"
    mkdir -p "$folder"
    while read -r _ _ _ hash file; do
        has_hash "$hash" "$downloads/$file" || fail "$downloads/$file changed meanwhile; delete it and run this again"
        case $file in
            *.orig.tar.*) tar -xf "$downloads/$file" -C "$folder" --strip-components=1 ;;
            *.debian.tar.*) tar -xf "$downloads/$file" -C "$folder" ;;
        esac
    done < <(pinned "$2" debian "$1")
    [ -f "$folder/debian/patches/series" ] || return 0
    while read -r patch _; do
        case $patch in '' | '#'*) continue ;; esac
        patch -d "$folder" -p1 -s -i debian/patches/"$patch" ||
            fail "Debian's patch $patch does not apply to $1; delete $downloads and run this again"
    done <"$folder/debian/patches/series"
}

# `wheels LAYER FOLDER MACHINE`: the layer's pinned Python packages for that machine, unpacked into the folder.
wheels() {
    local package version hash file fetched
    while read -r package version _ hash file; do
        case $file in *_x86_64.whl | *_aarch64.whl) [[ $file == *"_$3.whl" ]] || continue ;; esac
        if ! has_hash "$hash" "$downloads/$file"; then
            fetched=$(mktemp -d -p "$cache")
            echo "$package==$version --hash=sha256:$hash" >"$fetched/requirements.txt"
            logged pip "fetching $package $version (no network?)" "$venv/bin/pip" download --no-deps --require-hashes \
                --only-binary :all: --python-version 3.11 --platform "manylinux_2_17_$3" \
                --platform "manylinux2014_$3" --platform "manylinux_2_27_$3" --platform "manylinux_2_28_$3" \
                --dest "$fetched" -r "$fetched/requirements.txt"
            mv "$fetched"/*.whl "$downloads/$file"
            rm -r "$fetched"
            has_hash "$hash" "$downloads/$file" || fail "$downloads/$file is not the file that $pins names by its hash"
        fi
        "$venv/bin/python" -m zipfile -e "$downloads/$file" "$2"
    done < <(pinned "$1" pypi)
}

# `required PACKAGE`: the lines that pin it in the local stack's requirements.
required() {
    awk -v name="$1==" 'index($0, name) == 1 { on = 1 } on { print; if ($0 !~ /\\$/) exit }' infra/local/requirements.txt
}

# `required_wheel PACKAGE FOLDER`: that Python package, checked by pip against those lines, unpacked into the folder.
required_wheel() {
    local fetched
    [ -n "$(required "$1")" ] || fail "$1 is not pinned in infra/local/requirements.txt; add it there with its hash"
    mkdir -p "$cache"
    fetched=$(mktemp -d -p "$cache")
    required "$1" >"$fetched/requirements.txt"
    logged pip "fetching $1 (no network?)" "$venv/bin/pip" download --no-deps --require-hashes --only-binary :all: \
        --dest "$fetched" -r "$fetched/requirements.txt"
    "$venv/bin/python" -m zipfile -e "$fetched"/*.whl "$2"
    rm -r "$fetched"
}

# `compilers`: puts `cc`, `ar` and the like for the layer's machine into $build/bin.
compilers() {
    local program
    [ -x "$zig" ] || fail "zig is missing in $venv; run: infra/local/setup.sh"
    mkdir -p "$build/bin"
    export ZIG_GLOBAL_CACHE_DIR=$PWD/$cache/zig ZIG_LOCAL_CACHE_DIR=$PWD/$cache/zig
    printf '#!/bin/sh\nexec "%s" cc -target %s-linux-gnu.%s -mcpu=%s "$@"\n' "$zig" "$machine" "$GLIBC" "$cpu" >"$build/bin/cc"
    for program in ar ranlib; do
        printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$zig" "$program" >"$build/bin/$program"
    done
    chmod +x "$build/bin"/*
    export PATH=$build/bin:$PATH
}

# `part NAME [WORDS…]`: builds a part of the layer $layer with `build_NAME FOLDER`, once for the layer's sources, that function
# and those words. A run that was interrupted goes on with the next part.
part() {
    local source=$work/$1 made_of
    made_of=$({ pinned "$layer" debian && declare -f "build_$1" && toolchain && echo "$optimised $*"; } | sha256sum)
    [ "$(cat "$source.stamp" 2>/dev/null)" = "$made_of built" ] && return
    [ "$(cat "$source.stamp" 2>/dev/null)" = "$made_of" ] || unpack "$1" "$layer" "$source"
    echo "$made_of" >"$source.stamp"
    logged "$layer-$1" "building $1 for $ARCH" "build_$1" "$source"
    echo "$made_of built" >"$source.stamp"
}

# Chained by hand, as all of them: what `logged` calls does not stop at the first failure by itself.
build_zlib() (
    cd "$1" &&
        CC=cc AR=ar RANLIB=ranlib CFLAGS="$optimised -fPIC" ./configure --static --prefix="$prefix" &&
        make -j"$JOBS" libz.a &&
        install -D -m 644 -t "$prefix/lib" libz.a &&
        install -D -m 644 -t "$prefix/include" zlib.h zconf.h &&
        install -D -m 644 -t "$prefix/lib/pkgconfig" zlib.pc
)

# `begin LAYER`: where its parts are built, and an empty folder for what becomes of them at the end.
begin() {
    layer=$1
    work=$build/$layer
    prefix=$work/prefix
    began=$SECONDS
    mkdir -p "$work" "$layers"
}

# `finish FOLDER`: puts it in the place of the layer that was, whose stamp goes first: what is interrupted here is no longer
# what that says.
finish() {
    rm -f "$layers/.$layer.stamp"
    rm -rf "${layers:?}/$layer"
    mv "$1" "$layers/$layer"
    echo "$stamp" >"$layers/.$layer.stamp"
    echo "  $layer for $ARCH took $((SECONDS - began)) s"
}
