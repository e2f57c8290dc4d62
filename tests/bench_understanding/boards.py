"""Pictures of slides and whiteboards with known text: `boards.py FOLDER FIRST COUNT HALF` draws COUNT clean and COUNT
uneven ones from the seeds FIRST and up. Beside each `NAME.jpg` lies `NAME.json`: `{"lines": [top to bottom]}`.

A clean board is evenly lit and seen from the front. An uneven one is a photograph of a board: it has light that falls
off, and some of a shadow, a glare, worn markers, what a sponge left, perspective, blur and noise.
"""

import json
import pathlib
import random
import sys

import cv2
import numpy as np
from phrases import CODE, LINES, TITLES
from PIL import Image, ImageDraw, ImageFont

FONTS = pathlib.Path("/usr/share/fonts")
# Families of print and neat hands, of which no half has those of the other. Some hands have capitals only.
PRINT = {
    "tuning": [
        "truetype/liberation/LiberationSans-Regular.ttf",
        "truetype/liberation/LiberationSerif-Bold.ttf",
        "opentype/cabin/Cabin-Medium.otf",
        "truetype/crosextra/Carlito-Regular.ttf",
    ],
    "held-out": [
        "truetype/dejavu/DejaVuSans.ttf",
        "truetype/dejavu/DejaVuSerif-Bold.ttf",
        "truetype/lato/Lato-Medium.ttf",
        "truetype/crosextra/Caladea-Regular.ttf",
    ],
}
HANDS = {
    "tuning": [
        "opentype/comic-neue/ComicNeue-Bold.otf",
        "opentype/bwht/BecauseWeConnect-Regular.otf",
        "opentype/bwht/BecauseWeLearn-Regular.otf",
        "opentype/bwht/BecauseWeCreate-Regular.otf",
    ],
    "held-out": [
        "truetype/klee/KleeOne-SemiBold.ttf",
        "opentype/bwht/BecauseWeMentor-Regular.otf",
        "truetype/humor-sans/Humor-Sans.ttf",
        "opentype/bwht/BecauseWeBuild-Regular.otf",
    ],
}
MONO = {"tuning": "truetype/firacode/FiraCode-Regular.ttf", "held-out": "opentype/inconsolata/Inconsolata.otf"}
CAPITALS = ("BecauseWe", "Humor")

# Keyframes are 1280 pixels long at most.
SIZES = [(1280, 720), (1280, 720), (1280, 800), (960, 720), (854, 480)]
MARKERS = [(25, 25, 30), (20, 50, 150), (170, 30, 35), (20, 110, 55)]
PAPERS = [(255, 255, 255), (246, 247, 243), (238, 240, 245)]
# Dark ground, light ink: slides at night, chalk.
DARK = [((18, 22, 34), (235, 235, 240)), ((35, 74, 58), (232, 232, 222)), ((40, 42, 54), (248, 248, 242))]


def write(dice, half, kind, size):
    """The board seen from the front: ground, ink and coverage, and the lines."""
    width, height = size
    unit = height / 720
    mask, ink = Image.new("L", size), Image.new("RGB", size)
    draw, tint = ImageDraw.Draw(mask), ImageDraw.Draw(ink)
    is_dark = dice.random() < 0.25
    ground, chalk = dice.choice(DARK) if is_dark else (dice.choice(PAPERS), None)
    board = Image.new("RGB", size, ground)
    paper = ImageDraw.Draw(board)
    # A title on a bar: light on dark above dark on light.
    has_bar = kind == "print" and not is_dark and dice.random() < 0.3
    texts = [dice.choice(TITLES[half]), *dice.sample(LINES[half], dice.randint(3, 7))]
    path = FONTS / dice.choice(HANDS[half] if kind == "hand" else PRINT[half])
    if kind == "code":
        texts, path = dice.sample(CODE[half], dice.randint(4, 6)), FONTS / MONO[half]
    if path.name.startswith(CAPITALS):
        texts = [text.upper() for text in texts]
    body, margin = dice.uniform(24, 50) * unit, dice.uniform(0.05, 0.3) * width
    colour, top, lines = dice.choice(MARKERS), dice.uniform(40, 180) * unit, []
    for number, text in enumerate(texts):
        font = ImageFont.truetype(path, round(body * (1.35 if number == 0 and kind != "code" else 1)))
        left = margin + (dice.choice([0, 2]) * body if kind == "code" else dice.uniform(0, 0.06) * width)
        if kind == "hand" and dice.random() < 0.4:
            colour = dice.choice(MARKERS)
        box = draw.textbbox((left, top), text, font=font)
        if box[2] > 0.96 * width or box[3] > 0.93 * height:
            continue
        draw.text((left, top), text, fill=255, font=font)
        own = chalk or colour
        if has_bar and not lines:
            paper.rectangle((0, 0, width, box[3] + body / 2), fill=colour)
            own, top = (250, 250, 250), top + body / 2
        tint.rectangle((0, box[1] - 4, width, box[3] + 4), fill=own)
        lines.append(text)
        top += (box[3] - box[1]) + body * dice.uniform(0.7, 1.1)
    return np.float32(board), np.float32(ink), np.float32(mask) / 255, lines


def smooth(grain, size, cells, low, high):
    """Noise whose spots are about a `cells`th of the picture, between `low` and `high`."""
    small = grain.uniform(0, 1, (cells, cells)).astype(np.float32)
    big = cv2.GaussianBlur(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), (0, 0), size[0] / cells / 4)
    big = (big - big.min()) / (np.ptp(big) + 1e-6)
    return low + (high - low) * big


def light(dice, size):
    """How much light falls where: off from a lamp, and some of it held by someone who stands in front."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lamp = (dice.uniform(-0.1, 1.1) * width, dice.uniform(-0.3, 0.4) * height)
    distance = np.hypot(x - lamp[0], y - lamp[1]) / width
    field = 1 - dice.uniform(0.35, 0.75) * np.clip(distance, 0, 1.1) / 1.1
    if dice.random() < 0.5:
        shadow = np.zeros((height, width), np.float32)
        middle = (int(dice.uniform(0.1, 0.8) * width), int(dice.uniform(0.5, 1.0) * height))
        axes = (int(dice.uniform(0.1, 0.22) * width), int(dice.uniform(0.3, 0.6) * height))
        cv2.ellipse(shadow, middle, axes, dice.uniform(-25, 25), 0, 360, 1, -1)
        field *= 1 - dice.uniform(0.25, 0.5) * cv2.GaussianBlur(shadow, (0, 0), dice.uniform(4, 25))
    if dice.random() < 0.2:
        # The edge of a blind or of a projector's beam is hard.
        edge = x * dice.uniform(0.6, 1) + y * dice.uniform(-0.4, 0.4) < dice.uniform(0.3, 0.7) * width
        field *= np.where(edge, 1, dice.uniform(0.55, 0.8))
    return field[..., None]


def glare(dice, size):
    """The reflection of a window or lamp, added to the picture."""
    spot = np.zeros((size[1], size[0]), np.float32)
    if dice.random() < 0.45:
        middle = (int(dice.uniform(0.1, 0.9) * size[0]), int(dice.uniform(0.1, 0.9) * size[1]))
        axes = (int(dice.uniform(0.04, 0.1) * size[0]), int(dice.uniform(0.04, 0.14) * size[1]))
        cv2.ellipse(spot, middle, axes, dice.uniform(0, 180), 0, 360, dice.uniform(60, 130), -1)
        spot = cv2.GaussianBlur(spot, (0, 0), dice.uniform(20, 45))
    return spot[..., None]


def seen_askew(dice, picture):
    """The board from a seat at the side: its corners move by up to a fourteenth of the picture."""
    height, width = picture.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    inward = np.float32([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    shift = np.float32([[dice.uniform(0, 0.07) * width, dice.uniform(0, 0.07) * height] for _ in range(4)])
    warp = cv2.getPerspectiveTransform(corners, corners + inward * shift)
    wall = [dice.uniform(70, 170)] * 3
    return cv2.warpPerspective(
        picture, warp, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=wall
    )


def photographed(dice, grain, ground, ink, mask, size):
    """The board as a camera in the room sees it."""
    paper = ground * smooth(grain, size, 5, 0.94, 1)[..., None]
    # What a sponge left of the last lesson: faint ink smeared sideways.
    if dice.random() < 0.5:
        smear = cv2.blur(np.roll(mask, (size[1] // 9, size[0] // 7), (0, 1)), (61, 15)) * dice.uniform(0.2, 0.5)
        paper = paper * (1 - smear[..., None]) + ink.mean((0, 1)) * smear[..., None]
    worn = mask * smooth(grain, size, 24, dice.uniform(0.4, 0.9), 1) * dice.uniform(0.65, 1)
    board = paper * (1 - worn[..., None]) + ink * worn[..., None]
    if dice.random() < 0.7:
        board = seen_askew(dice, board)
    board = board * light(dice, size) * dice.uniform(0.75, 1) + glare(dice, size)
    board = cv2.GaussianBlur(board, (0, 0), dice.uniform(0.5, 1.3) * size[1] / 720)
    return board + grain.normal(0, dice.uniform(2, 8), board.shape)


def board(seed, half, is_uneven):
    dice = random.Random(f"{seed} {is_uneven}")
    grain = np.random.default_rng(dice.randrange(1 << 30))
    size = dice.choice(SIZES)
    kind = dice.choice(["print", "print", "hand", "code"] if not is_uneven else ["print", "hand", "hand"])
    ground, ink, mask, lines = write(dice, half, kind, size)
    if is_uneven:
        picture = photographed(dice, grain, ground, ink, mask, size)
    else:
        picture = ground * (1 - mask[..., None]) + ink * mask[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8), dice.randint(80, 92), {"kind": kind, "lines": lines}


def main():
    folder, first, count, half = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        for name in ("clean", "uneven"):
            picture, quality, truth = board(seed, half, name == "uneven")
            path = folder / f"{name}-{seed}.jpg"
            Image.fromarray(picture).save(path, quality=quality)
            path.with_suffix(".json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
