#!/usr/bin/env bash
# Proves a layer's programs from its folder alone: that they ask for no newer C library and for nothing else, and, where this
# machine can run them (qemu-user-static runs the other architecture's), that each format is read to its last frame, with
# the very pictures that this machine's ffmpeg sees.
cd "$(dirname "$0")/../.."
# shellcheck source=infra/layers/common.sh
. infra/layers/common.sh

# What Lambda's image has of libraries that anything here may link.
ALLOWED='libc\.so\.6|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1|libutil\.so\.1|libgcc_s\.so\.1|ld-linux[a-z0-9_-]*\.so\.[12]'

stamp=$(cat "$here/check.sh" "$layers"/.{ffmpeg,models,speech,yt-dlp}.stamp | sha256sum | cut -d' ' -f1)
is_current checked "$stamp" && exit
echo "  checking the layers of $ARCH"

# `check_links FILE`: its architecture, its libraries, and the versions of the symbols that it wants.
check_links() {
    local needed newest
    readelf -h "$1" | grep -qiE "machine:.*(${machine/_/-}|$machine)" ||
        fail "$1 is not for $ARCH; delete ${layers#"$PWD"/} and run this again"
    needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vxE "$ALLOWED" || true)
    [ -z "$needed" ] || fail "$1 needs ${needed//$'\n'/, }, which Lambda's image lacks"
    newest=$(readelf -V "$1" | { grep -oE 'GLIBC_[0-9.]+' || true; } | sort -Vu | tail -n 1)
    [ "$(printf '%s\n' "${newest:-GLIBC_2.2}" "GLIBC_$GLIBC" | sort -V | tail -n 1)" = "GLIBC_$GLIBC" ] ||
        fail "$1 needs $newest, and the floor is GLIBC_$GLIBC: what was it compiled with?"
}
while read -r file; do
    if [ "$(head -c 4 "$file" | tail -c 3)" = ELF ]; then check_links "$file"; fi
done < <(find "$layers/ffmpeg" "$layers/yt-dlp" -type f \( -perm /111 -o -name '*.so' \))

# `run [NAME=VALUE] PROGRAM ARGUMENTS…`: with nothing else of this machine's environment.
emulator=()
if [ "$(uname -m)" != "$machine" ]; then
    emulator=("$(command -v "qemu-$machine-static")") || {
        # Not proven, so not stamped: they are looked at again once it is installed.
        echo "  their programs were not run: this machine is no $machine, and qemu-user-static is not installed"
        exit
    }
    # The C library of that architecture, where Debian's cross packages put it.
    [ -d "/usr/$machine-linux-gnu/lib" ] && emulator+=(-L "/usr/$machine-linux-gnu")
fi
run() {
    local told=()
    while [[ $1 == [A-Z]*=* ]]; do
        told+=("$1")
        shift
    done
    env -i "${told[@]}" "${emulator[@]}" "$@"
}

samples=$(mktemp -d)
trap 'rm -rf "$samples"' EXIT
ffmpeg=$layers/ffmpeg/bin/ffmpeg
run "$ffmpeg" -version >"$samples/version" || fail "$ffmpeg does not run"
run "$layers/ffmpeg/bin/ffprobe" -version >/dev/null || fail "$layers/ffmpeg/bin/ffprobe does not run"

# Samples by this machine's ffmpeg, which has all encoders and reads standard input. Each frame's hash must be the same by both;
# MPEG and Motion JPEG leave some rounding to the decoder, so that is asked for which every processor's code agrees on.
frames() {
    "$@" -v error -flags bitexact -idct simple -i "$sample" -map 0:v -f framemd5 - | grep -v '^#'
}
while read -r -u 3 file codec options; do
    sample=$samples/$file
    # shellcheck disable=SC2086  # words on purpose
    ffmpeg -v error -y -f lavfi -i testsrc2=s=320x180:r=24:d=1 -f lavfi -i sine=440:r=48000:d=1 $options "$sample" ||
        fail "this machine's ffmpeg cannot make $file; install Debian's: sudo apt-get install ffmpeg"
    found=$(run "$layers/ffmpeg/bin/ffprobe" -v error -select_streams v:0 -show_entries stream=codec_name -of default=nw=1:nk=1 "$sample" | sort -u)
    [ "$found" = "$codec" ] || fail "ffprobe finds '$found' in $file, not $codec"
    frames run "$ffmpeg" >"$samples/by-layer" || fail "$ffmpeg does not decode $file"
    frames ffmpeg >"$samples/by-machine"
    [ "$(wc -l <"$samples/by-layer")" = 24 ] || fail "$ffmpeg decodes $(wc -l <"$samples/by-layer") of 24 frames of $file"
    cmp -s "$samples/by-layer" "$samples/by-machine" || fail "$ffmpeg sees other pictures in $file than this machine's ffmpeg"
done 3<<'END'
h264.mp4 h264 -c:v libx264 -pix_fmt yuv420p -c:a aac
h264_10.mov h264 -c:v libx264 -pix_fmt yuv422p10le -c:a pcm_s24le
hevc.mp4 hevc -c:v libx265 -x265-params log-level=none -c:a aac
hevc_10.mkv hevc -c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le -c:a eac3
av1.mp4 av1 -c:v libaom-av1 -usage realtime -cpu-used 8 -c:a aac
av1_10.webm av1 -c:v libaom-av1 -usage realtime -cpu-used 8 -pix_fmt yuv420p10le -c:a libopus
vp8.webm vp8 -c:v libvpx -c:a libvorbis
vp9.webm vp9 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus
prores.mov prores -c:v prores_ks -profile:v standard -c:a pcm_s16le
dnxhr.mov dnxhd -c:v dnxhd -profile:v dnxhr_hqx -pix_fmt yuv422p10le -c:a pcm_s16le
mpeg2.mxf mpeg2video -c:v mpeg2video -c:a pcm_s16le
mpeg4.avi mpeg4 -c:v mpeg4 -c:a libmp3lame
mjpeg.avi mjpeg -c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le
h264.ts h264 -c:v libx264 -pix_fmt yuv420p -c:a ac3
END

# The proxy of camera RAW: the one thing that is encoded.
run "$ffmpeg" -v error -f lavfi -i testsrc2=s=320x180:r=24:d=1 -f lavfi -i sine=440:d=1 -c:v libx264 -preset veryfast -crf 18 \
    -pix_fmt yuv420p -c:a aac -movflags +faststart "$samples/proxy.mp4" || fail "$ffmpeg does not encode H.264"

# yt-dlp, as far as it goes without YouTube: it finds its libraries and deno, fetches a picture and a sound over HTTP, and
# has the layer's ffmpeg put them together. Under an emulator nothing can start another program, so there each is started alone.
python=$layers/yt-dlp/yt-dlp/bin/python3 app=$layers/yt-dlp/yt-dlp/app deno=$layers/yt-dlp/yt-dlp/bin/deno
run "$python" -I -B "$app" --version >/dev/null || fail "$python does not run yt-dlp"
run "$python" -I -B -c 'import ssl, sys, xml.dom.minidom; xml.dom.minidom.parseString("<a/>"); sys.path.append(sys.argv[1]); import certifi
assert ssl.create_default_context(cafile=certifi.where()).cert_store_stats()["x509_ca"] > 100' "$app" 2>/dev/null ||
    fail "$python has no TLS, no certificates or no XML"
# Its solver of YouTube's challenges loads, as yt-dlp loads it.
{
    cat "$app/yt_dlp_ejs/yt/solver/lib.min.js" && echo ';Object.assign(globalThis, lib);' &&
        cat "$app/yt_dlp_ejs/yt/solver/core.min.js" && echo ';console.log(typeof jsc);'
} >"$samples/solver.js"
[ "$(run HOME="$samples" "$deno" run --no-remote --no-npm "$samples/solver.js")" = function ] || fail "$deno does not run yt-dlp's scripts"
if [ ${#emulator[@]} = 0 ]; then
    yt_dlp=$layers/yt-dlp/bin/yt-dlp
    ffmpeg -v error -i "$samples/h264.mp4" -map 0:v -c copy "$samples/v.mp4" -map 0:a -c copy "$samples/a.m4a"
    mkfifo "$samples/port"
    "$venv/bin/python" -u -c 'import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_port)
server.serve_forever()' "$samples" >"$samples/port" 2>/dev/null &
    server=$!
    trap 'kill $server 2>/dev/null; rm -rf "$samples"' EXIT
    read -r port <"$samples/port"
    cat >"$samples/info.json" <<END
{"id": "clip", "title": "Clip", "extractor": "generic", "extractor_key": "Generic", "webpage_url": "http://127.0.0.1:$port/",
 "formats": [{"format_id": "v", "url": "http://127.0.0.1:$port/v.mp4", "ext": "mp4", "vcodec": "h264", "acodec": "none"},
             {"format_id": "a", "url": "http://127.0.0.1:$port/a.m4a", "ext": "m4a", "vcodec": "none", "acodec": "aac"}]}
END
    env -i HOME="$samples" /bin/sh "$yt_dlp" -v --load-info-json "$samples/info.json" --format bv+ba --no-cache-dir \
        --ffmpeg-location "$layers/ffmpeg/bin" --paths "$samples/out" --output 'video.%(ext)s' >"$samples/said" 2>&1 ||
        fail "$yt_dlp does not fetch a file: $(tail -n 1 "$samples/said")"
    for word in 'JS runtimes: deno-' yt_dlp_ejs- certifi- 'OpenSSL 3'; do
        grep -q "$word" "$samples/said" || fail "$yt_dlp says nothing of $word: $(grep -m 1 'JS runtimes' "$samples/said")"
    done
    found=$(run "$layers/ffmpeg/bin/ffprobe" -v error -show_entries stream=codec_name -of default=nw=1:nk=1 "$samples/out/video.mp4" | sort | xargs)
    [ "$found" = 'aac h264' ] || fail "$yt_dlp put '$found' together instead of picture and sound"
fi
echo "$stamp" >"$layers/.checked.stamp"
