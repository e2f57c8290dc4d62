"""What other detectors find in the films of a folder: `peers.py FOLDER` prints JSON, `{"detector": {"film": [frames]}}`.

Every detector of PySceneDetect, each at several thresholds around its default, in one pass over each film. Frames are
scaled as PySceneDetect's own scene manager scales them.
"""

import json
import pathlib
import sys

import cv2
import scenedetect
from scenedetect.detectors import AdaptiveDetector, ContentDetector, HashDetector, HistogramDetector, ThresholdDetector

# The shortest shot of the films has 0.7 s; the detectors' own default would swallow some.
SHORTEST_SECS = 0.3
# Thresholds: defaults are 27, 3.0, 0.05, 0.395 and 12.
KINDS = [
    ("content", ContentDetector, [12, 17, 22, 27, 32]),
    ("adaptive", AdaptiveDetector, [1.5, 2.0, 3.0, 4.0]),
    ("histogram", HistogramDetector, [0.02, 0.05, 0.1, 0.2]),
    ("hash", HashDetector, [0.3, 0.395, 0.45]),
    ("threshold", ThresholdDetector, [8, 12, 24]),
]


def make(kind, threshold, shortest):
    if kind is AdaptiveDetector:
        return kind(adaptive_threshold=threshold, min_scene_len=shortest)
    return kind(threshold=threshold, min_scene_len=shortest)


def found_in(path, fps):
    detectors = {
        f"{name} {value}": make(kind, value, round(SHORTEST_SECS * fps))
        for name, kind, values in KINDS
        for value in values
    }
    found = {name: set() for name in detectors}
    capture, number, time = cv2.VideoCapture(str(path)), 0, None
    while (taken := capture.read())[0]:
        picture = taken[1]
        factor = scenedetect.scene_manager.compute_downscale_factor(picture.shape[1])
        if factor > 1:
            picture = cv2.resize(picture, (round(picture.shape[1] / factor), round(picture.shape[0] / factor)))
        time = scenedetect.FrameTimecode(number, float(fps))
        for name, detector in detectors.items():
            found[name].update(cut.frame_num for cut in detector.process_frame(time, picture))
        number += 1
    for name, detector in detectors.items():
        found[name].update(cut.frame_num for cut in detector.post_process(time))
    return found


def main():
    cv2.setNumThreads(1)
    found = {}
    for truth in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        film = json.loads(truth.read_text())
        for name, frames in found_in(truth.with_name(film["file"]), film["fps"]).items():
            found.setdefault(name, {})[film["file"]] = sorted(frames)
        print(f"peers on {film['file']}", file=sys.stderr, flush=True)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
