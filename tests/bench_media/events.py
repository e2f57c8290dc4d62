"""What happens within a shot and is no change of scene: functions of a frame's number and its picture."""

import cv2
import numpy as np
from changes import blend
from shots import WORDS


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
        return np.clip(picture + field[y : y + height, x : x + width], 0, 255).astype(np.uint8)

    return grained


def caption(dice, length, fps, width, height, other):
    at, text, size = dice.randrange(length), " ".join(dice.choices(WORDS, k=2)), dice.uniform(0.8, 1.8) * width / 640
    until = at + round(dice.uniform(0.5, 3) * fps)

    def captioned(n, picture):
        if not at <= n < until:
            return picture
        picture = picture.copy()
        cv2.rectangle(picture, (0, height * 7 // 10), (width, height * 9 // 10), (20, 20, 20), -1)
        cv2.putText(
            picture,
            text,
            (width // 10, height * 17 // 20),
            cv2.FONT_HERSHEY_SIMPLEX,
            size,
            (240, 240, 240),
            2,
            cv2.LINE_AA,
        )
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
        picture[y : y + tall, x : x + wide] = cv2.resize(other(n), (wide, tall), interpolation=cv2.INTER_AREA)
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
        cv2.ellipse(
            picture,
            (int(middle), height * 2 // 3),
            (int(wide / 2), height * 3 // 4),
            0,
            0,
            360,
            colour,
            -1,
            cv2.LINE_AA,
        )
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


EVENTS = [
    (flash, 0.22),
    (shake, 0.15),
    (grain, 0.25),
    (caption, 0.15),
    (picture_in_picture, 0.12),
    (passer_by, 0.12),
    (light, 0.1),
    (dim, 0.12),
]
