"""Films with known changes of scene, for measuring detectors: `films.py FOOTAGE OUT FIRST_SEED COUNT HALF`.

A film is its seed. HALF is `tuning` or `held-out`: the two halves share neither seeds nor photographs nor footage, so
that what is measured on the second was never looked at. Each film is a video and a JSON file beside it:
`{"fps", "frames", "changes": [{"kind", "first", "last"}]}`. `first` is the first frame that shows anything of the new
shot, `last` the first that shows nothing else: of a hard cut they are the same.
"""

import json
import pathlib
import random
import subprocess
import sys

import cv2
import numpy as np
from changes import CURVES, GRADUAL, WEIGHTS
from events import EVENTS
from footage import Footage
from shots import SHOTS

CODECS = {
    "h264": ("mp4", "-c:v libx264 -preset veryfast -crf {q} -pix_fmt yuv420p"),
    "h264-long-gop": ("mkv", "-c:v libx264 -preset veryfast -crf {q} -g 600 -bf 4 -pix_fmt yuv420p"),
    "hevc": ("mp4", "-c:v libx265 -preset ultrafast -crf {q} -pix_fmt yuv420p -x265-params log-level=error"),
    "mpeg4": ("avi", "-c:v mpeg4 -q:v 6"),
    "mpeg2": ("ts", "-c:v mpeg2video -q:v 6 -bf 2"),
    "vp8": ("webm", "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 900k"),
    "mjpeg": ("mov", "-c:v mjpeg -q:v 5 -pix_fmt yuvj420p"),
}
RATES = ["24000/1001", "25", "30000/1001", "30", "50", "60"]
SIZES = [(640, 360), (640, 360), (480, 270), (640, 272), (480, 360), (270, 480)]


def weighted(dice, table):
    return dice.choices([item for item, _ in table], [weight for _, weight in table])[0]


def make_shot(dice, footage, width, height, fps, length):
    kind = weighted(dice, SHOTS)
    shot = kind(dice, footage, width, height, fps)
    other = weighted(dice, SHOTS)(dice, footage, width, height, fps)
    events = [event(dice, length, fps, width, height, other) for event, chance in EVENTS if dice.random() < chance]

    def frame(n):
        picture = shot(n)
        for event in events:
            picture = event(min(n, length - 1), picture)
        return picture

    return frame


def film(seed, footage, out):
    dice = random.Random(seed)
    rate, (width, height) = dice.choice(RATES), dice.choice(SIZES)
    fps = eval(rate)  # noqa: S307  a quotient out of RATES
    codec = dice.choice(list(CODECS))
    extension, encode = CODECS[codec]
    changes, pieces = [], []
    # A film is its seed alone, whatever was made before it.
    footage.last_photo = footage.last_clip = None
    # A plan first: lengths and changes; a third of the films are mostly gradual.
    gradual_share = dice.choice([0.15, 0.5, 0.85])
    for _ in range(dice.randint(8, 12)):
        pieces.append(round(dice.choice([dice.uniform(0.7, 2), dice.uniform(2, 6)]) * fps))
    shots = []
    blends = [0]
    for number in range(1, len(pieces)):
        takes = round(dice.uniform(0.3, 2.0) * fps) if dice.random() < gradual_share else 0
        # A shot is longer than what happens at its two ends, with half a second of its own.
        pieces[number - 1] = max(pieces[number - 1], blends[-1] + takes + round(fps * 0.7))
        blends.append(takes)
    pieces[-1] = max(pieces[-1], blends[-1] + round(fps * 0.7))
    for length in pieces:
        shots.append(make_shot(dice, footage, width, height, fps, length))
    kinds = [weighted(dice, list(zip(GRADUAL, WEIGHTS))) for _ in pieces]
    curves = [dice.choice(CURVES) for _ in pieces]
    layouts = [{"soft": dice.choice([0.001, 0.001, 0.15])} for _ in pieces]

    path = pathlib.Path(out) / f"{seed:05d}.{extension}"
    size, q = f"{width}x{height}", dice.choice([18, 23, 28, 32])
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", size, "-r", rate, "-i", "-"]
    encoder = subprocess.Popen([*command, *encode.format(q=q).split(), str(path)], stdin=subprocess.PIPE)
    frames = 0
    for number, length in enumerate(pieces):
        takes = blends[number]
        coming = blends[number + 1] if number + 1 < len(pieces) else 0
        if number and not takes:
            changes.append({"kind": "cut", "first": frames, "last": frames})
        for n in range(takes, length):
            into = n - (length - coming)
            picture = shots[number](n)
            if coming and into >= 0:
                share = curves[number + 1]((into + 1) / (coming + 1))
                if into == 0:
                    changes.append({"kind": kinds[number + 1], "first": frames, "last": frames + coming})
                picture = GRADUAL[kinds[number + 1]](picture, shots[number + 1](into), share, layouts[number + 1])
            encoder.stdin.write(np.ascontiguousarray(picture).tobytes())
            frames += 1
    encoder.stdin.close()
    if encoder.wait():
        raise SystemExit(f"ffmpeg did not encode {path}")
    truth = {"file": path.name, "codec": codec, "size": size, "fps": fps, "frames": frames, "changes": changes}
    path.with_suffix(".json").write_text(json.dumps(truth))


def main():
    folder, out, first, count, half = sys.argv[1:]
    cv2.setNumThreads(1)
    footage = Footage(folder, half)
    pathlib.Path(out).mkdir(parents=True, exist_ok=True)
    for seed in range(int(first), int(first) + int(count)):
        film(seed, footage, out)
        print(f"film {seed}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
