#!/usr/bin/env bash
# Installs what building and running need and this machine lacks: programs through apt where it may, and a
# Python environment in .local/venv, made again only when the requirements change. With --tests also what the tests
# need, with --bench what their peers and films need, with --layers what the layers are made with, with --deploy only what
# deploying needs. Quiet when nothing is to do.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=infra/local
venv=.local/venv
log=.local/logs/setup.log
mkdir -p .local/logs

fail() {
    echo "error: $*" >&2
    exit 1
}

# `missing PROGRAM PACKAGE`: remembers the package when the program is not there.
packages=()
missing() {
    command -v "$1" >/dev/null 2>&1 || packages+=("$2")
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=
for candidate in "$venv/bin/python" python3 python3.14 python3.13 python3.12 python3.11; do
    if is_recent "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is needed; install it, for example: sudo apt-get install python3"

missing ffmpeg ffmpeg
if [ "${1:-}" = --deploy ]; then
    # The doctor's clip has a word in it.
    [ -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || packages+=(fonts-dejavu-core)
else
    command -v cargo >/dev/null || fail "Rust is needed; install it from https://rustup.rs"
    missing tesseract tesseract-ocr
    missing cc build-essential
fi
if [ "${1:-}" = --tests ]; then
    # What the tests make their inputs with.
    missing espeak-ng espeak-ng
    # The official SDK links the system's TLS library.
    missing pkg-config pkg-config
    [ -f /usr/include/openssl/ssl.h ] || packages+=(libssl-dev)
    [ -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || packages+=(fonts-dejavu-core)
fi
if [ "${1:-}" = --bench ]; then
    # The boards' hands and prints, and the voices.
    missing espeak-ng espeak-ng
    for font in dejavu:fonts-dejavu-core liberation:fonts-liberation lato:fonts-lato cabin:fonts-cabin \
        Carlito:fonts-crosextra-carlito Caladea:fonts-crosextra-caladea firacode:fonts-firacode \
        inconsolata:fonts-inconsolata comic-neue:fonts-comic-neue klee:fonts-klee humor-sans:fonts-humor-sans \
        bwht:fonts-bwht; do
        find /usr/share/fonts -ipath "*${font%%:*}*" 2>/dev/null | grep -q . || packages+=("${font##*:}")
    done
fi
if [ "${1:-}" = --layers ]; then
    # What the layers are compiled with beside zig, and what runs those of the other architecture.
    missing nasm nasm
    missing pkg-config pkg-config
    missing patch patch
    missing make make
    missing perl perl
    missing xz xz-utils
    case "${ARCH:-arm64}-$(uname -m)" in
        arm64-x86_64) foreign=aarch64 debian=arm64 ;;
        x86_64-aarch64) foreign=x86_64 debian=amd64 ;;
        *) foreign= ;;
    esac
    if [ -n "$foreign" ]; then
        missing "qemu-$foreign-static" qemu-user-static
        [ -e "/usr/$foreign-linux-gnu/lib/libgcc_s.so.1" ] || packages+=("libc6-$debian-cross" "libgcc-s1-$debian-cross")
    fi
fi
"$python" -c 'import ensurepip' 2>/dev/null || packages+=("$(basename "$python")-venv")

if [ ${#packages[@]} -gt 0 ]; then
    install="apt-get install -y --no-install-recommends ${packages[*]}"
    if ! command -v apt-get >/dev/null; then
        fail "install these first, with this system's own package manager: ${packages[*]}"
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        fail "${packages[*]} missing, and this needs your password: sudo apt-get update && sudo $install"
    fi
    echo "  installing ${packages[*]}"
    # shellcheck disable=SC2086  # words on purpose
    { $as_root apt-get update && DEBIAN_FRONTEND=noninteractive $as_root $install; } >"$log" 2>&1 ||
        fail "apt could not install ${packages[*]} (no network?); see $log, or try: sudo apt-get update && sudo $install"
fi

# A C library that is older than Lambda's, for the test that starts every function on it: Debian 11's, or the Ubuntu of
# its time. apt takes it from the mirror that the machine has, and checks the signature.
older_library() {
    local folder=.local/glibc-2.31 apt=.local/apt origin mirror suite
    [ -d $folder ] && return
    mirrors() {
        apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 'Component: main' |
            grep -E '^(Debian|Ubuntu) ' | grep -v security | sort -u | head -n 1
    }
    # What a mirror is of is known once its lists were read.
    [ -n "$(mirrors)" ] || apt-get update >"$log" 2>&1 || sudo -n apt-get update >"$log" 2>&1 || true
    read -r origin mirror < <(mirrors) || true
    case "${origin:-}" in
        Debian) suite=bullseye ;;
        Ubuntu) suite=focal ;;
        *) fail "this machine's apt names no mirror of Debian or Ubuntu, where an older C library could be had for the tests" ;;
    esac
    echo "  fetching an older C library (once)"
    # Of a run that failed: two packages there could not be told apart.
    rm -rf $apt $folder.new
    mkdir -p $apt/lists/partial $apt/cache/archives/partial
    echo "deb $mirror $suite main" >$apt/sources.list
    local options=(-o "Dir::Etc::SourceList=$PWD/$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$PWD/$apt/lists" -o "Dir::Cache=$PWD/$apt/cache")
    {
        # Downloading as the user _apt would need a folder that it may write to.
        apt-get "${options[@]}" update &&
            (cd $apt && apt-get "${options[@]}" -o APT::Sandbox::User=root download "libc6/$suite") &&
            dpkg-deb -x $apt/libc6_*.deb $folder.new && mv $folder.new $folder
    } >"$log" 2>&1 || fail "apt could not fetch libc6 of $suite (no network?); see $log"
    rm -rf $apt
}

# `environment FOLDER REQUIREMENTS OPTIONS…`: a Python environment of exactly what REQUIREMENTS/ names.
environment() {
    local folder=$1 from=$2 stamp
    shift 2
    stamp=$(cat "$from/requirements.txt" "$from/requirements-lock.txt" | sha256sum | cut -d' ' -f1)
    [ -x "$folder/bin/python" ] && [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ] && return
    echo "  installing the Python packages of $from (once)"
    {
        "$python" -m venv --clear "$folder" &&
            "$folder/bin/pip" install --no-deps "$@" -r "$from/requirements.txt" &&
            "$folder/bin/pip" install --no-deps -r "$from/requirements-lock.txt"
    } >"$log" 2>&1 || fail "pip could not install the Python packages (no network?); see $log"
    echo "$stamp" >"$folder/.stamp"
}
if [ "${1:-}" = --deploy ]; then
    environment .local/venv-deploy infra/deploy --require-hashes
    exit
fi
environment $venv $here --require-hashes
"$venv/bin/python" -B infra/models/fetch.py .local/models || exit 1
case "${1:-}" in
    --tests)
        environment .local/venv-tests tests
        older_library
        ;;
    --bench) environment .local/venv-bench tests/bench_media ;;
esac
