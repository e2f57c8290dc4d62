#!/usr/bin/env bash
# bin/yt-dlp: the wheel that the local stack runs, with what Lambda's image lacks: a Python (Debian's 3.11 with OpenSSL and
# zlib inside), the certificates that it trusts, and deno, which yt-dlp has YouTube's scripts run by.
cd "$(dirname "$0")/../.."
# shellcheck source=infra/layers/common.sh
. infra/layers/common.sh

# Modules whose libraries are not built, and those of Python's own tests. yt-dlp downloads without them.
without=(_bz2 _lzma _ctypes _ctypes_test _curses _curses_panel _dbm _gdbm _sqlite3 _tkinter _uuid nis readline ossaudiodev
    spwd _crypt _testbuffer _testcapi _testclinic _testimportmultiple _testinternalcapi _testmultiphase xxlimited
    xxlimited_35 xxsubtype _xxtestfuzz)
# Of the standard library, what nothing here imports.
unused=(test idlelib tkinter turtledemo turtle.py ensurepip lib2to3 pydoc_data venv curses sqlite3 dbm)

stamp=$(stamp "$here/yt-dlp.sh" <(pinned yt-dlp debian && pinned yt-dlp pypi && required yt-dlp))
is_current yt-dlp "$stamp" && exit
command -v perl >/dev/null || fail "perl is missing, which OpenSSL is configured with; run: sudo apt-get install perl"
echo "  building yt-dlp with its Python for $ARCH"
begin yt-dlp
debian_sources yt-dlp
compilers
optimised="-O2 -fno-sanitize=all"
export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig SOURCE_DATE_EPOCH=1700000000

build_openssl() (
    local target=linux-$machine
    cd "$1" &&
        CC=cc AR=ar RANLIB=ranlib perl ./Configure "$target" --prefix="$prefix" --libdir=lib --openssldir=/etc/pki/tls \
            no-shared no-tests no-engine no-legacy no-module -fPIC -fno-sanitize=all &&
        make -s -j"$JOBS" build_libs &&
        make -s install_dev
)

# Python is built by a Python of its own version: the machine's, or one that is built for that first.
builder() {
    local python
    for python in "$venv/bin/python" python3.11 "$cache/build/python3.11/python"; do
        "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && break
    done
    if ! "$python" -V >/dev/null 2>&1; then
        unpack python3.11 yt-dlp "$cache/build/python3.11"
        logged python "building a Python 3.11 for this machine" own_python
        python=$cache/build/python3.11/python
    fi
    realpath -s "$(command -v "$python")"
}
own_python() (
    cd "$cache/build/python3.11" && PATH=${PATH#*:} ./configure -q && PATH=${PATH#*:} make -s -j"$JOBS"
)

# As if for another machine, even where it is this one's kind: then nothing of this machine is looked at. It says when it was
# built, which zig refuses; the same date gives the same bytes.
build_python3.11() (
    cd "$1" || return
    if [ ! -f configured ]; then
        { echo '*disabled*' && printf '%s\n' "${without[@]}"; } >Modules/Setup.local
        # Debian's fix of it is for a Python that has it inside.
        sed -i '1i #define Py_BUILD_CORE_MODULE 1' Modules/pyexpat.c
    fi
    [ -f configured ] || ./configure -q --build="$(uname -m)-pc-linux-gnu" --host="$machine-linux-gnu" --prefix=/usr \
        --with-build-python="$python" --with-openssl="$prefix" --without-ensurepip --disable-test-modules \
        --without-doc-strings ac_cv_file__dev_ptmx=yes ac_cv_file__dev_ptc=no ac_cv_buggy_getaddrinfo=no \
        CC=cc CXX=cc AR=ar RANLIB=ranlib READELF="$(command -v readelf)" OPT="-DNDEBUG $optimised -Wno-date-time" \
        CFLAGS="-I$prefix/include" LDFLAGS="-L$prefix/lib -s" ZLIB_CFLAGS="-I$prefix/include" \
        ZLIB_LIBS="-L$prefix/lib -lz" || return
    # Its own script for modules asks this where the machine's headers are, and succeeds when it built none.
    ln -sf /bin/false dpkg-architecture
    touch configured && PATH=$PWD:$PATH make -s -j"$JOBS" python sharedmods &&
        ls build/lib.*/{_ssl,_hashlib,_socket,_struct,zlib,select,pyexpat}.*.so
)

part zlib
part openssl
python=$(builder)
part python3.11 "${without[@]}"

made=$work/made
home=$made/yt-dlp
rm -rf "$made"
mkdir -p "$made/bin" "$made/licenses" "$home/bin" "$home/lib/python3.11/lib-dynload" "$home/app"
install "$work/python3.11/python" "$home/bin/python3"
cp -a "$work/python3.11/Lib/." "$home/lib/python3.11"
cp "$work"/python3.11/build/lib.*/*.so "$home/lib/python3.11/lib-dynload"
cp "$work"/python3.11/build/lib.*/_sysconfigdata*.py "$home/lib/python3.11"
(cd "$home/lib/python3.11" && rm -rf "${unused[@]}")
find "$home/lib" -type d \( -name test -o -name tests -o -name __pycache__ \) -prune -exec rm -r {} +

wheels yt-dlp "$home/app" "$machine"
required_wheel yt-dlp "$home/app"
deno=$(find "$home/app" -type f -name deno)
install "$deno" "$home/bin/deno"
rm -r "$home"/app/{deno,deno-*.data} 2>/dev/null || true
# `python3 app` runs this.
echo 'import yt_dlp
yt_dlp.main()' >"$home/app/__main__.py"
cat >"$made/bin/yt-dlp" <<'END'
#!/bin/sh
# The local stack calls it by a link, a function by its own path.
self=$(readlink -f "$0" 2>/dev/null) || self=$0
home=${self%/*}/../yt-dlp
exec "$home/bin/python3" -I -B "$home/app" --js-runtimes "deno:$home/bin/deno" "$@"
END
chmod +x "$made/bin/yt-dlp"
# Compiled here: nothing can be written in /opt. By content, because archives change times.
"$python" -m compileall -q -j "$JOBS" --invalidation-mode unchecked-hash -s "$made" -p /opt "$home/lib" "$home/app" ||
    fail "Python did not compile its own library; run this again"

for source in python3.11 openssl zlib; do
    install -m 644 "$work/$source/debian/copyright" "$made/licenses/$source.txt"
done
for source in yt_dlp yt_dlp_ejs certifi deno; do
    for file in "$home/app/$source"-*.dist-info/licenses/*; do
        install -m 644 "$file" "$made/licenses/${source//_/-}-${file##*/}"
    done
done
finish "$made"
