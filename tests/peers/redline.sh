#!/bin/sh
# Stands in for RED's REDline, which nobody may hand on: it takes the words of REDline's command line that a proxy
# needs, and refuses all others. What it "develops" is a file that clips.rs made: a header of R3D, and a video behind it.
set -eu
fail() {
    echo "REDline: $*" >&2
    exit 1
}
while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || fail "$1 needs a value"
    case $1 in
        --i) input=$2 ;;
        --outDir) folder=$2 ;;
        --o) name=$2 ;;
        --format) [ "$2" = 201 ] || fail "only format 201, Apple ProRes, is known here" ;;
        --res) [ "$2" = 4 ] || fail "only resolution 4, a quarter, is known here" ;;
        *) fail "unknown option $1" ;;
    esac
    shift 2
done
case $input in *.r3d | *.R3D) ;; *) fail "$input is not called an R3D file" ;; esac
[ "$(dd if="$input" bs=1 skip=4 count=4 2>/dev/null)" = RED2 ] || fail "$input is not an R3D file"
[ -d "$folder" ] || fail "there is no folder $folder"
echo "Exporting Job To: $folder/$name.mov"
tail -c +513 "$input" | ffmpeg -v error -nostdin -f matroska -i pipe:0 -c:v prores_ks -profile:v proxy "$folder/$name.mov"
