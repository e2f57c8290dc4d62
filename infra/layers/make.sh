#!/usr/bin/env bash
# Makes the layers of one architecture in target/layers/ARCH/ and says how large they are. Quiet about what is up to date.
# ARCH=arm64|x86_64, JOBS=2, SOURCES_MIRROR=FOLDER or URL that has the pinned files of Debian.
cd "$(dirname "$0")/../.."
# shellcheck source=infra/layers/common.sh
. infra/layers/common.sh

# Unzipped, a function and its layers may have 250 MB. The function that downloads has the most: these two, and itself.
LIMIT=$((250 * 1000 * 1000))
LARGEST_FUNCTION=$((25 * 1000 * 1000))

for name in ffmpeg models yt-dlp; do
    ARCH=$ARCH "$here/$name.sh"
done
"$here/check.sh"

bytes() {
    find "$@" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'
}
for name in ffmpeg models speech yt-dlp; do
    printf '  %-8s %5.1f MB unzipped\n' "$name" "$(bytes "$layers/$name" | awk '{ print $1 / 1e6 }')"
done
all=$(($(bytes "$layers/ffmpeg" "$layers/yt-dlp") + LARGEST_FUNCTION))
[ "$all" -le "$LIMIT" ] ||
    fail "ffmpeg and yt-dlp with the function that downloads are $((all / 1000000)) MB, and Lambda takes 250: make one of them smaller"
