"""Writes a CinemaDNG clip as cameras do, with tifffile and imagecodecs: 12 bit of an RGGB sensor under tungsten light,
packed or as lossless JPEG, in an archive.

`cinemadng.py OUT`: OUT.zip gets frames in lossless JPEG, OUT.tar packed ones. Two shots of a second each at 24 frames a second, 960 by 540; a white board with dark bars, then a
teal wall with a square that moves.
"""

import io
import sys
import tarfile
import zipfile

import imagecodecs
import numpy as np
import tifffile

WIDTH, HEIGHT, RATE, BLACK, WHITE = 960, 540, 24, 256, 4095
NEUTRAL = np.array([0.6, 1.0, 0.4])
# IEC 61966-2-1: linear sRGB of XYZ. The camera sees it, under its own white.
CAMERA_OF_XYZ = NEUTRAL[:, None] * np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)


def board(_):
    picture = np.full((HEIGHT, WIDTH, 3), (0.92, 0.92, 0.9))
    for row in range(5):
        picture[90 + row * 75 : 112 + row * 75, 120 : 825 - row * 70] = (0.15, 0.15, 0.2)
    return picture


def wall(number):
    picture = np.full((HEIGHT, WIDTH, 3), (0.1, 0.5, 0.55))
    picture[195:345, 150 + number * 15 : 300 + number * 15] = (0.8, 0.5, 0.1)
    return picture


def sensor(picture):
    linear = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4) * NEUTRAL
    counted = np.rint(linear * (WHITE - BLACK) + BLACK).astype(np.uint16)
    mosaic = np.empty((HEIGHT, WIDTH), np.uint16)
    for y, x, color in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[y::2, x::2] = counted[y::2, x::2, color]
    return mosaic


def rationals(numbers):
    return [part for number in np.ravel(numbers) for part in (round(float(number) * 10000), 10000)]


def decimal(number):
    return number // 10 << 4 | number % 10


def frame(mosaic, number, compressed):
    tags = [
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, bytes([0, 1, 1, 2]), True),
        (50706, "B", 4, bytes([1, 4, 0, 0]), True),
        (50708, "s", 0, "Test camera", True),
        (50714, "H", 1, BLACK, True),
        (50717, "H", 1, WHITE, True),
        (50721, "2i", 9, rationals(CAMERA_OF_XYZ), True),
        (50728, "2I", 3, rationals(NEUTRAL), True),
        (50778, "H", 1, 21, True),
        (51043, "B", 8, bytes([decimal(number % RATE), decimal(number // RATE), 0x15, 0x10, 0, 0, 0, 0]), True),
        (51044, "2i", 1, (RATE, 1), True),
    ]
    out = io.BytesIO()
    written = dict(photometric=32803, extratags=tags, metadata=None, datetime="2026:02:21 14:30:00")
    if compressed:
        # TIFF 6.0: the sides of a tile are multiples of 16, so the last rows lie outside the picture.
        padded = np.pad(mosaic, ((0, -HEIGHT % 16), (0, -WIDTH % 16)), mode="edge")
        tile = imagecodecs.ljpeg_encode(padded, bitspersample=12)
        tifffile.imwrite(
            out, iter([tile]), shape=mosaic.shape, dtype=mosaic.dtype, tile=padded.shape, compression=7, **written
        )
    else:
        tifffile.imwrite(out, mosaic, bitspersample=12, **written)
    return out.getvalue()


def main():
    out = sys.argv[1]
    compressed = out.endswith(".zip")
    with zipfile.ZipFile(out, "w") if compressed else tarfile.open(out, "w") as archive:
        for number in range(2 * RATE):
            mosaic = sensor((board if number < RATE else wall)(number % RATE))
            name, content = f"A001_C001/A001_C001_{number:06}.dng", frame(mosaic, number, compressed)
            if compressed:
                archive.writestr(name, content)
            else:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    main()
