#!/usr/bin/env bash
# bin/ffmpeg and bin/ffprobe: Debian's ffmpeg with x264, dav1d and zlib inside, so that nothing but the C library is
# looked for. Everything that reads a stranger's file is in (decoders, demuxers, parsers, bitstream filters); of the
# rest, what this project calls, what yt-dlp calls, and what the tests make their clips with.
cd "$(dirname "$0")/../.."
# shellcheck source=infra/layers/common.sh
. infra/layers/common.sh

# What the functions write: raw pictures and sound in NUT, and the proxy of camera RAW. yt-dlp copies streams into MP4,
# WebM or Matroska.
encoders=rawvideo,pcm_s16le,libx264,aac,wrapped_avframe
muxers=nut,mp4,mov,matroska,webm,ipod,null
filters=scale,format,trim,setpts,split,select,setsar,transpose,hflip,vflip,rotate,crop,null,lutrgb,colorchannelmixer
filters+=,asetpts,aresample,atrim,aformat,asetnsamples,anull,asplit
# What checks and tests make and compare, where it takes no further library.
encoders+=,ffv1,prores,prores_ks,dnxhd,mpeg2video,mpeg4,mjpeg,png,tiff,flac,alac,ac3,eac3,mp2,pcm_s24le,pcm_f32le,adpcm_ima_qt,ass
muxers+=,avi,mpegts,mpeg2ps,mpeg1system,mxf,wav,aiff,flac,mp3,adts,ac3,ogg,image2,image2pipe,mjpeg,rawvideo,pcm_s16le,framemd5,framehash,md5,hash
filters+=,testsrc,testsrc2,rgbtestsrc,color,mandelbrot,smptebars,smptehdbars,nullsrc,life,cellauto,gradients
filters+=,sine,aevalsrc,anoisesrc,anullsrc,concat,hstack,vstack,overlay,pad,tile,fps,settb,setdar,setparams,loop,reverse
filters+=,fade,xfade,blend,noise,gblur,geq,hue,curves,drawbox,tonemap,ssim,psnr,apad,volume,amix,showinfo,metadata

stamp=$(stamp "$here/ffmpeg.sh" <(pinned ffmpeg debian; pinned tools pypi))
is_current ffmpeg "$stamp" && exit
command -v pkg-config >/dev/null || fail "pkg-config is missing; run: infra/local/setup.sh --layers"
[ "$machine" = aarch64 ] || command -v nasm >/dev/null ||
    fail "nasm is missing, without which decoding takes several times as long; run: infra/local/setup.sh --layers"
echo "  building ffmpeg for $ARCH"
begin ffmpeg
debian_sources ffmpeg
compilers
export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig
optimised="-O3 -fno-sanitize=all"

build_x264() (
    cd "$1" &&
        CC=cc AR=ar RANLIB=ranlib STRIP=: ./configure --host="$machine-linux-gnu" --prefix="$prefix" --enable-static \
            --enable-pic --disable-cli --disable-opencl --disable-avs --disable-swscale --disable-lavf --disable-ffms \
            --disable-gpac --disable-lsmash --extra-cflags="$optimised" &&
        make -j"$JOBS" &&
        make install-lib-static
)

build_dav1d() (
    wheels tools "$work/tools" "$(uname -m)" || return
    ninja=$(find "$work/tools" -name ninja -type f)
    chmod +x "$ninja"
    cat >"$work/meson.ini" <<END
[binaries]
c = 'cc'
ar = 'ar'
ranlib = 'ranlib'
strip = 'true'
pkg-config = 'pkg-config'
[host_machine]
system = 'linux'
cpu_family = '$machine'
cpu = '$machine'
endian = 'little'
END
    rm -rf "$1/out"
    NINJA=$ninja PYTHONPATH=$work/tools "$venv/bin/python" -m mesonbuild.mesonmain setup "$1/out" "$1" \
        --cross-file "$work/meson.ini" --prefix "$prefix" --libdir lib --buildtype release --default-library static \
        -Denable_tools=false -Denable_tests=false "-Dc_args=$optimised" &&
        PYTHONPATH=$work/tools "$ninja" -C "$1/out" -j"$JOBS" install
)

# zig links against the old C library by the headers of a newer one, and `sysctl` is in the former only. Paths are relative,
# because ffmpeg tells its options to everybody who asks for its version.
build_ffmpeg() (
    cd "$1" || return
    [ -f configured ] || ./configure --prefix=/opt \
        --enable-cross-compile --target-os=linux --arch="$machine" \
        --cc=cc --ar=ar --ranlib=ranlib --host-cc=cc --pkg-config=pkg-config --pkg-config-flags=--static \
        --extra-cflags='-fno-sanitize=all -I../prefix/include' --extra-ldflags='-L../prefix/lib -s' --optflags=-O3 \
        --extra-version="$revision" \
        --enable-gpl --enable-libx264 --enable-libdav1d --enable-zlib --disable-autodetect --disable-hwaccels \
        --disable-debug --disable-stripping --disable-doc --disable-ffplay --disable-devices --enable-indev=lavfi \
        --disable-protocols --enable-protocol=file,pipe,http,tcp \
        --disable-encoders --enable-encoder="$encoders" --disable-muxers --enable-muxer="$muxers" \
        --disable-filters --enable-filter="$filters" || return
    [ -f configured ] || sed -i 's/HAVE_SYSCTL 1/HAVE_SYSCTL 0/' config.h || return
    touch configured && make -j"$JOBS" ffmpeg ffprobe
)

part zlib
part x264
part dav1d
revision=$(pinned ffmpeg debian ffmpeg | awk '{ sub(/.*-/, "", $2); print $2; exit }')
part ffmpeg "$revision" "$encoders" "$muxers" "$filters"

# GPL: the text of the licences and where the source is go wherever the programs go.
made=$work/made
rm -rf "$made"
mkdir -p "$made/bin" "$made/licenses" target/layers/sources
install "$work/ffmpeg/ffmpeg" "$work/ffmpeg/ffprobe" "$made/bin"
for source in ffmpeg x264 dav1d zlib; do
    install -m 644 "$work/$source/debian/copyright" "$made/licenses/$source.txt"
done
install -m 644 "$work/ffmpeg/COPYING.GPLv2" "$made/licenses/GPL-2.txt"
pinned ffmpeg debian | while read -r _ _ _ _ file; do
    ln -f "$downloads/$file" target/layers/sources/ 2>/dev/null || cp "$downloads/$file" target/layers/sources/
done
cat >"$made/licenses/SOURCE-OFFER.txt" <<END
bin/ffmpeg and bin/ffprobe are free software under the GNU General Public License, version 2 or (at your option) any
later version (GPL-2.txt). They are made of the Debian source packages below, unchanged but for Debian's own patches,
by infra/layers/ffmpeg.sh of the FrameIQ project, which says every option.

Written offer: whoever gave you these programs gives you, or any third party, for at least three years and for no more
than the cost of copying, the complete corresponding source in machine-readable form: the files below and that script.
Ask there. To whoever publishes this layer to others: put the files of target/layers/sources/ beside it.

$(pinned ffmpeg debian | awk '{ print $4 "  " $5 }')
END
finish "$made"
