"""Changes of scene: how much of the new shot is there, from 0 to 1, and where."""

import math

import cv2
import numpy as np


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
CURVES = [
    lambda t: t,
    lambda t: t * t * (3 - 2 * t),
    lambda t: t * t,
    lambda t: 1 - (1 - t) ** 2,
    lambda t: (1 - math.cos(math.pi * t)) / 2,
]
