"""Films with known changes of scene, for measuring detectors: `films.py FOOTAGE OUT FIRST_SEED COUNT HALF`.

A film is its seed. HALF is `tuning` or `held-out`: the two halves share neither seeds nor photographs nor footage, so
that what is measured on the second was never looked at. Each film is a video and a JSON file beside it:
`{"fps", "frames", "changes": [{"kind", "first", "last"}]}`. `first` is the first frame that shows anything of the new
shot, `last` the first that shows nothing else: of a hard cut they are the same.
"""

import json
import math
import pathlib
import random
import subprocess
import sys
import zlib

import cv2
import numpy as np

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
WORDS = "slope intercept gradient matrix vector kernel epoch sample error bias model tensor layer loss node".split()


class Footage:
    """Photographs, and stretches of real video without a cut in them."""

    # Frames from and until, found by looking at every large difference between neighbours.
    CLIPS = {
        "tuning": [
            ("bikes.mp4", 0, 30), ("bikes.mp4", 30, 76), ("bikes.mp4", 76, 137), ("bikes.mp4", 137, 187),
            ("bikes.mp4", 187, 242), ("vtest.avi", 0, 400),
        ],
        "held-out": [
            ("Megamind.avi", 2, 98), ("Megamind.avi", 98, 154), ("Megamind.avi", 154, 200),
            ("Megamind.avi", 200, 270), ("bigbuckbunny.mp4", 0, 132), ("carphone_pristine.mp4", 0, 120),
        ],
    }

    def __init__(self, folder, half):
        files = sorted(pathlib.Path(folder).rglob("*"), key=lambda file: file.name)
        self.half = half
        photos = [file for file in files if file.suffix in (".jpg", ".png") and file.stat().st_size > 150_000]
        # Figures of a manual are no photographs. One picture may be there in several sizes; its folder is in one half.
        photos = [photo for photo in photos if "html" not in photo.parts]
        self.photos = [photo for photo in photos if zlib.crc32(str(photo.parent.relative_to(folder)).encode() + photo.name[:3].encode()) % 2 == (half == "tuning")]
        self.named = {file.name: file for file in files}
        self.read = {}
        # A shot that follows itself is no change of scene.
        self.last_photo = self.last_clip = None

    def photo(self, dice):
        self.last_photo = path = dice.choice([photo for photo in self.photos if photo != self.last_photo])
        if path not in self.read:
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            scale = 1400 / max(picture.shape[:2])
            self.read[path] = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return self.read[path]

    def clip(self, dice):
        self.last_clip = dice.choice([clip for clip in self.CLIPS[self.half] if clip != self.last_clip])
        name, first, end = self.last_clip
        if name not in self.read:
            capture, frames = cv2.VideoCapture(str(self.named[name])), []
            while (taken := capture.read())[0]:
                frames.append(cv2.resize(taken[1], (640, 640 * taken[1].shape[0] // taken[1].shape[1] // 2 * 2)))
            self.read[name] = frames
        return self.read[name][first:end]


def fill(picture, width, height):
    """The middle of the picture, in that shape and size."""
    tall, wide = picture.shape[:2]
    scale = max(width / wide, height / tall)
    picture = cv2.resize(picture, (max(width, round(wide * scale)), max(height, round(tall * scale))), interpolation=cv2.INTER_AREA)
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top:top + height, left:left + width]


# Shots: functions of a frame's number, which may grow without end.

def photograph(dice, footage, width, height, fps):
    """A photograph under a camera that moves steadily, slow or fast, or not at all."""
    picture = footage.photo(dice)
    tall, wide = picture.shape[:2]
    zoom, pace = dice.uniform(0.45, 0.8), dice.choice([0, 0.03, 0.08, 0.2, 0.45]) / fps
    angle, growth = dice.uniform(0, math.tau), dice.choice([0, 0, 0.04, -0.04]) / fps
    across = min(wide, tall * width / height)

    def frame(n):
        size = max(0.25, min(0.98, zoom + triangle(growth * n)))
        view = (across * size, across * size * height / width)
        room = (wide - view[0], tall - view[1])
        x = room[0] * (0.5 + 0.5 * triangle(pace * n * math.cos(angle)))
        y = room[1] * (0.5 + 0.5 * triangle(pace * n * math.sin(angle)))
        scale = view[0] / width
        move = np.float32([[scale, 0, x], [0, scale, y]])
        return cv2.warpAffine(picture, move, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)

    return frame


def triangle(x):
    """Back and forth between -1 and 1, without a jump."""
    return 1 - abs((x + 1) % 4 - 2)


def real(dice, footage, width, height, fps):
    """Real footage, forwards and backwards."""
    frames = [fill(frame, width, height) for frame in footage.clip(dice)]
    start = dice.randrange(len(frames))
    round_trip = max(1, 2 * len(frames) - 2)
    return lambda n: frames[min((start + n) % round_trip, round_trip - (start + n) % round_trip)]


def board(dice, footage, width, height, fps):
    """A whiteboard or a slide, written on line by line."""
    light = dice.random() < 0.6
    paper, ink = (dice.randint(215, 255), dice.randint(10, 80)) if light else (dice.randint(10, 45), dice.randint(180, 250))
    tint = np.array([paper + dice.randint(-8, 0) for _ in range(3)])
    lines = [" ".join(dice.choices(WORDS, k=3)) for _ in range(5)]
    shown, every = dice.randint(0, 5), dice.uniform(0.8, 2.5) * fps

    def frame(n):
        picture = np.full((height, width, 3), tint, np.uint8)
        for line in range(min(5, shown + int(n / every))):
            at = (width // 12, height // 6 + line * height // 6)
            cv2.putText(picture, lines[line], at, cv2.FONT_HERSHEY_SIMPLEX, width / 700, (ink, ink, ink // 2), 2, cv2.LINE_AA)
        return picture

    return frame


def shapes(dice, footage, width, height, fps):
    """Things that bounce over a gradient."""
    low, high = [np.array([dice.randint(0, 255) for _ in range(3)], float) for _ in range(2)]
    slope = np.linspace(0, 1, width)[None, :, None]
    ground = np.broadcast_to((low + (high - low) * slope), (height, width, 3)).astype(np.uint8)
    things = [
        ([dice.randint(0, 255) for _ in range(3)], dice.uniform(0.02, 0.2), [dice.uniform(0, 4) for _ in range(2)], [dice.uniform(-1.2, 1.2) / fps for _ in range(2)])
        for _ in range(dice.randint(1, 7))
    ]

    def frame(n):
        picture = ground.copy()
        for colour, size, at, speed in things:
            x, y = [0.5 + 0.5 * triangle(a + s * n) for a, s in zip(at, speed)]
            cv2.circle(picture, (int(x * width), int(y * height)), int(size * height), colour, -1, cv2.LINE_AA)
        return picture

    return frame


def texture(dice, footage, width, height, fps):
    """A surface that slides by: grass, water, gravel."""
    grain = np.random.default_rng(dice.randrange(1 << 30))
    big = grain.normal(0, 1, (height * 2 // 8, width * 2 // 8, 3)) * dice.uniform(10, 60)
    colour = np.array([dice.randint(20, 230) for _ in range(3)])
    big = np.clip(cv2.resize(big, (width * 2, height * 2), interpolation=cv2.INTER_CUBIC) + colour, 0, 255).astype(np.uint8)
    pace, angle = dice.choice([0.05, 0.2, 0.6]) / fps, dice.uniform(0, math.tau)

    def frame(n):
        x = int(width * (0.5 + 0.5 * triangle(pace * n * math.cos(angle))))
        y = int(height * (0.5 + 0.5 * triangle(pace * n * math.sin(angle))))
        return big[y:y + height, x:x + width]

    return frame


SHOTS = [(photograph, 9), (real, 7), (board, 3), (shapes, 3), (texture, 2)]


# What happens within a shot and is no change of scene.

def flash(dice, length, fps, width, height, other):
    at, frames, strength = dice.randrange(length), dice.randint(1, max(1, round(fps * 0.12))), dice.uniform(0.5, 1)
    return lambda n, picture: blend(picture, np.full_like(picture, 255), strength) if at <= n < at + frames else picture


def shake(dice, length, fps, width, height, other):
    wobble = np.random.default_rng(dice.randrange(1 << 30)).normal(0, dice.uniform(0.004, 0.015) * width, (length, 2))

    def shaken(n, picture):
        move = np.float32([[1, 0, wobble[n][0]], [0, 1, wobble[n][1]]])
        return cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REFLECT)

    return shaken


def grain(dice, length, fps, width, height, other):
    noise = np.random.default_rng(dice.randrange(1 << 30))
    # Cut out of one field at random places: as random to the eye, and much faster.
    field = (noise.normal(0, dice.uniform(4, 22), (height + 64, width + 64, 1))).astype(np.int16)

    def grained(n, picture):
        y, x = noise.integers(0, 64, 2)
        return np.clip(picture + field[y:y + height, x:x + width], 0, 255).astype(np.uint8)

    return grained


def caption(dice, length, fps, width, height, other):
    at, text, size = dice.randrange(length), " ".join(dice.choices(WORDS, k=2)), dice.uniform(0.8, 1.8) * width / 640
    until = at + round(dice.uniform(0.5, 3) * fps)

    def captioned(n, picture):
        if not at <= n < until:
            return picture
        picture = picture.copy()
        cv2.rectangle(picture, (0, height * 7 // 10), (width, height * 9 // 10), (20, 20, 20), -1)
        cv2.putText(picture, text, (width // 10, height * 17 // 20), cv2.FONT_HERSHEY_SIMPLEX, size, (240, 240, 240), 2, cv2.LINE_AA)
        return picture

    return captioned


def picture_in_picture(dice, length, fps, width, height, other):
    at, share = dice.randrange(length), dice.uniform(0.2, 0.4)
    wide, tall = round(width * share), round(height * share)
    x, y = dice.choice([8, width - wide - 8]), dice.choice([8, height - tall - 8])
    until = at + round(dice.uniform(1, 4) * fps)

    def inserted(n, picture):
        if not at <= n < until:
            return picture
        picture = picture.copy()
        picture[y:y + tall, x:x + wide] = cv2.resize(other(n), (wide, tall), interpolation=cv2.INTER_AREA)
        return picture

    return inserted


def passer_by(dice, length, fps, width, height, other):
    """Somebody walks through the picture, near the camera."""
    at, wide, takes = dice.randrange(length), dice.uniform(0.2, 0.5) * width, dice.uniform(0.3, 1.2) * fps
    colour = [dice.randint(10, 90) for _ in range(3)]

    def passed(n, picture):
        if not at <= n < at + takes:
            return picture
        picture, middle = picture.copy(), (n - at) / takes * (width + wide) - wide / 2
        cv2.ellipse(picture, (int(middle), height * 2 // 3), (int(wide / 2), height * 3 // 4), 0, 0, 360, colour, -1, cv2.LINE_AA)
        return picture

    return passed


def light(dice, length, fps, width, height, other):
    """The light is turned up or down, or the camera adapts."""
    at, takes, to = dice.randrange(length), dice.uniform(0.3, 2) * fps, dice.choice([0.6, 0.75, 1.25, 1.4])
    return lambda n, picture: cv2.convertScaleAbs(picture, alpha=1 + (to - 1) * min(1, max(0, (n - at) / takes)))


def dim(dice, length, fps, width, height, other):
    """A dark scene, from its first frame to its last."""
    share = dice.uniform(0.12, 0.35)
    return lambda n, picture: cv2.convertScaleAbs(picture, alpha=share)


EVENTS = [(flash, 0.22), (shake, 0.15), (grain, 0.25), (caption, 0.15), (picture_in_picture, 0.12), (passer_by, 0.12), (light, 0.1), (dim, 0.12)]


# Changes: how much of the new shot is there, from 0 to 1, and where.

def blend(old, new, share):
    return cv2.addWeighted(old, 1 - share, new, share, 0)


def through(level):
    def fade(old, new, share, layout):
        plain = np.full_like(old, level)
        return blend(old, plain, share * 2) if share < 0.5 else blend(plain, new, share * 2 - 1)
    return fade


def wipe(order):
    """`order` gives each pixel its turn, 0 to 1."""
    def wiped(old, new, share, layout):
        height, width = old.shape[:2]
        if order not in layout:
            y, x = np.mgrid[0:height, 0:width]
            layout[order] = order(x / width, y / height).astype(np.float32)
        soft = layout["soft"]
        mask = np.clip((share * (1 + soft) - layout[order]) / max(soft, 1e-3), 0, 1)[..., None]
        return (old + (new.astype(np.float32) - old) * mask).astype(np.uint8)
    return wiped


def push(horizontal, covers):
    def pushed(old, new, share, layout):
        axis = 1 if horizontal else 0
        size = old.shape[axis]
        at = round(size * share)
        rest = np.take(old, range(0, size - at), axis) if covers else np.take(old, range(at, size), axis)
        return np.concatenate([rest, np.take(new, range(0, at), axis)], axis)
    return pushed


GRADUAL = {
    "dissolve": lambda old, new, share, layout: blend(old, new, share),
    "fade-black": through(0),
    "fade-white": through(255),
    "wipe-left": wipe(lambda x, y: 1 - x),
    "wipe-down": wipe(lambda x, y: y),
    "wipe-diagonal": wipe(lambda x, y: (x + y) / 2),
    "wipe-circle": wipe(lambda x, y: np.hypot(x - 0.5, y - 0.5) / 0.7072),
    "wipe-clock": wipe(lambda x, y: (np.arctan2(y - 0.5, x - 0.5) / math.tau) % 1),
    "push-left": push(True, False),
    "push-up": push(False, False),
    "cover-left": push(True, True),
}
WEIGHTS = [5, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1]
CURVES = [lambda t: t, lambda t: t * t * (3 - 2 * t), lambda t: t * t, lambda t: 1 - (1 - t) ** 2, lambda t: (1 - math.cos(math.pi * t)) / 2]


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
    changes, at, number, pieces = [], 0, 0, []
    # A plan first: lengths and changes; a third of the films are mostly gradual.
    gradual_share = dice.choice([0.15, 0.5, 0.85])
    for number in range(dice.randint(8, 12)):
        length = round(dice.choice([dice.uniform(0.7, 2), dice.uniform(2, 6)]) * fps)
        pieces.append(length)
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
