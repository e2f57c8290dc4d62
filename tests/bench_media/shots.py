"""Shots: functions of a frame's number, which may grow without end."""

import math

import cv2
import numpy as np
from footage import fill

WORDS = "slope intercept gradient matrix vector kernel epoch sample error bias model tensor layer loss node".split()


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
        return cv2.warpAffine(
            picture, move, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT
        )

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
    paper, ink = (
        (dice.randint(215, 255), dice.randint(10, 80)) if light else (dice.randint(10, 45), dice.randint(180, 250))
    )
    tint = np.array([paper + dice.randint(-8, 0) for _ in range(3)])
    lines = [" ".join(dice.choices(WORDS, k=3)) for _ in range(5)]
    shown, every = dice.randint(0, 5), dice.uniform(0.8, 2.5) * fps

    def frame(n):
        picture = np.full((height, width, 3), tint, np.uint8)
        for line in range(min(5, shown + int(n / every))):
            at = (width // 12, height // 6 + line * height // 6)
            cv2.putText(
                picture, lines[line], at, cv2.FONT_HERSHEY_SIMPLEX, width / 700, (ink, ink, ink // 2), 2, cv2.LINE_AA
            )
        return picture

    return frame


def shapes(dice, footage, width, height, fps):
    """Things that bounce over a gradient."""
    low, high = [np.array([dice.randint(0, 255) for _ in range(3)], float) for _ in range(2)]
    slope = np.linspace(0, 1, width)[None, :, None]
    ground = np.broadcast_to((low + (high - low) * slope), (height, width, 3)).astype(np.uint8)
    things = [
        (
            [dice.randint(0, 255) for _ in range(3)],
            dice.uniform(0.02, 0.2),
            [dice.uniform(0, 4) for _ in range(2)],
            [dice.uniform(-1.2, 1.2) / fps for _ in range(2)],
        )
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
    big = np.clip(cv2.resize(big, (width * 2, height * 2), interpolation=cv2.INTER_CUBIC) + colour, 0, 255).astype(
        np.uint8
    )
    pace, angle = dice.choice([0.05, 0.2, 0.6]) / fps, dice.uniform(0, math.tau)

    def frame(n):
        x = int(width * (0.5 + 0.5 * triangle(pace * n * math.cos(angle))))
        y = int(height * (0.5 + 0.5 * triangle(pace * n * math.sin(angle))))
        return big[y : y + height, x : x + width]

    return frame


SHOTS = [(photograph, 9), (real, 7), (board, 3), (shapes, 3), (texture, 2)]
