"""Photographs and real video, of one half."""

import pathlib
import zlib

import cv2


class Footage:
    """Photographs, and stretches of real video without a cut in them."""

    # Frames from and until, found by looking at every large difference between neighbours.
    CLIPS = {
        "tuning": [
            ("bikes.mp4", 0, 30),
            ("bikes.mp4", 30, 76),
            ("bikes.mp4", 76, 137),
            ("bikes.mp4", 137, 187),
            ("bikes.mp4", 187, 242),
            ("vtest.avi", 0, 400),
        ],
        "held-out": [
            ("Megamind.avi", 2, 98),
            ("Megamind.avi", 98, 154),
            ("Megamind.avi", 154, 200),
            ("Megamind.avi", 200, 270),
            ("bigbuckbunny.mp4", 0, 132),
            ("carphone_pristine.mp4", 0, 120),
        ],
    }

    def __init__(self, folder, half):
        files = sorted(pathlib.Path(folder).rglob("*"), key=lambda file: file.name)
        self.half = half
        photos = [file for file in files if file.suffix in (".jpg", ".png") and file.stat().st_size > 150_000]
        # Figures of a manual are no photographs. One picture may be there in several sizes; its folder is in one half.
        photos = [photo for photo in photos if "html" not in photo.parts]
        self.photos = [
            photo
            for photo in photos
            if zlib.crc32(str(photo.parent.relative_to(folder)).encode() + photo.name[:3].encode()) % 2
            == (half == "tuning")
        ]
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
    picture = cv2.resize(
        picture, (max(width, round(wide * scale)), max(height, round(tall * scale))), interpolation=cv2.INTER_AREA
    )
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]
