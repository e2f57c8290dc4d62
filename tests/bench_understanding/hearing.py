"""Speech: who speaks when and what is said in generated recordings, beside simple ways to answer the same."""

import itertools
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
from edits import Rate
from measure import measured

HERE = pathlib.Path(__file__).parent
# Around each true border this much is not scored, in seconds, as is usual since NIST's Rich Transcription evaluations.
COLLAR = 0.25
STEP = 0.01
RATE = 16_000


def dialogues(folder, half, first, count):
    folder = folder / "dialogues" / half
    have = len(list(folder.glob("*.json")))
    if have < count:
        words = [folder, first + have, count - have, half]
        subprocess.run([sys.executable, HERE / "dialogues.py", *map(str, words)], check=True)
    return [
        (folder / f"{seed}.pcm", json.loads((folder / f"{seed}.json").read_text())["turns"])
        for seed in range(first, first + count)
    ]


def drawn(turns, length):
    """Who speaks in each step, -1 for nobody."""
    steps = np.full(length, -1)
    for turn in turns:
        steps[round(turn["start"] / STEP) : round(turn["end"] / STEP)] = turn["speaker"]
    return steps


class Errors:
    """The diarisation error rate: speech that is missed, made up or another's, by all speech."""

    def __init__(self):
        self.wrong = self.spoken = self.counted = self.recordings = 0

    def add(self, truth, found, seconds):
        length = round(seconds / STEP)
        scored = np.ones(length, bool)
        for border in [border for turn in truth for border in (turn["start"], turn["end"])]:
            scored[max(0, round((border - COLLAR) / STEP)) : round((border + COLLAR) / STEP)] = False
        wanted, given = drawn(truth, length)[scored], drawn(found, length)[scored]
        names, others = sorted(set(wanted) - {-1}), sorted(set(given) - {-1})
        together = [[int(np.sum((wanted == name) & (given == other))) for other in others] for name in names]
        agreed = most_agreed(together) + np.sum((wanted == -1) & (given == -1))
        self.wrong += len(wanted) - agreed
        self.spoken += np.sum(wanted != -1)
        self.counted += len(names) == len(others)
        self.recordings += 1

    @property
    def cells(self):
        return [f"{self.wrong / max(1, self.spoken):.3f}", f"{self.counted}/{self.recordings}"]


def most_agreed(together):
    """Steps in common when each true speaker is told to be another of those found, in the best way."""
    if not together or not together[0]:
        return 0
    if len(together) > len(together[0]):
        together = [list(row) for row in zip(*together, strict=True)]
    # At most four true speakers; of the others only the nearest matter.
    rows, columns = range(len(together)), range(len(together[0]))
    near = sorted({c for row in rows for c in sorted(columns, key=lambda c: -together[row][c])[: len(together)]})
    return max(
        sum(together[row][column] for row, column in zip(rows, chosen, strict=True))
        for chosen in itertools.permutations(near, len(together))
    )


def ours(arguments, recordings):
    printed, cpu = measured([arguments.examples / "hear_soundtrack", arguments.models, *(file for file, _ in recordings)])
    return [json.loads(line) for line in printed.decode().splitlines()], cpu


def one_speaker(pages):
    """Our stretches of speech, all by one speaker."""
    return [[{**turn, "speaker": 0} for turn in page] for page in pages]


def alternating(pages):
    """Our stretches, by two speakers who change after every pause."""
    return [[{**turn, "speaker": n % 2} for n, turn in enumerate(page)] for page in pages]


def speakers(table, arguments):
    for half, first in arguments.halves.items():
        recordings = dialogues(arguments.folder, half, first, arguments.dialogues)
        seconds = [file.stat().st_size / 2 / RATE for file, _ in recordings]
        table.head(
            f"speakers, {half}: {len(recordings)} recordings of 1 to 4 voices from seed {first}, "
            f"{sum(seconds) / 60:.0f} min, collar {COLLAR} s",
            ["DER", "number right", "CPU s/min"],
        )
        pages, cpu = ours(arguments, recordings)
        for name, found in (
            ("FrameIQ builtin", pages),
            ("one speaker", one_speaker(pages)),
            ("two by turns", alternating(pages)),
        ):
            errors = Errors()
            for (_, truth), page, length in zip(recordings, found, seconds, strict=True):
                errors.add(truth, page, length)
            table.row(name, [*errors.cells, f"{cpu / sum(seconds) * 60:.2f}" if found is pages else ""])


def said(text):
    return re.findall(r"[a-z']+", text.lower())


def faster_whisper(arguments, recordings):
    """The reference runner of the same weights, in a process of its own: 8-bit, the likeliest token."""
    printed, cpu = measured([sys.executable, HERE / "faster.py", arguments.models / "whisper", *(file for file, _ in recordings)])
    return [[{"text": text}] for text in json.loads(printed)], cpu


def words(table, arguments):
    for half, first in arguments.halves.items():
        recordings = dialogues(arguments.folder, half, first, arguments.dialogues)[: arguments.transcribed]
        seconds = sum(file.stat().st_size / 2 / RATE for file, _ in recordings)
        table.head(
            f"words, {half}: the first {len(recordings)} of the recordings, {seconds / 60:.1f} min",
            ["WER", "CPU s/min"],
        )
        for name, hear in (
            ("FrameIQ builtin (Whisper base)", ours),
            ("faster-whisper, the same weights", faster_whisper),
        ):
            pages, cpu = hear(arguments, recordings)
            rate = Rate()
            for (_, truth), page in zip(recordings, pages, strict=True):
                rate.add(*(said(" ".join(turn["text"] for turn in turns)) for turns in (truth, page)))
            table.row(name, [f"{rate.value:.3f}", f"{cpu / seconds * 60:.1f}"])
