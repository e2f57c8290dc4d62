"""Recordings of one to four voices with known turns and words: `dialogues.py FOLDER FIRST COUNT HALF`. Beside each
`NAME.pcm` (16 kHz, mono, 16 bit) lies `NAME.json`: `{"turns": [{"speaker", "start", "end", "text"}]}`, in seconds.

The voices are espeak-ng's, its accents, variants, pitches and speeds mixed; no half has a variant of the other's. Between
turns lie pauses of 0.3 to 1.6 s, and now and then a speaker goes on after one; nobody speaks into another's turn. Over
all lies a room's noise, 20 to 60 dB below the speech, and each voice has its own loudness.
"""

import json
import pathlib
import random
import subprocess
import sys

import numpy as np
from phrases import SAID

RATE = 16_000
ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp"]
VARIANTS = {
    "tuning": ["m1", "f1", "m3", "f3", "m5", "f5", "m7"],
    "held-out": ["m2", "f2", "m4", "f4", "m6", "klatt", "m8"],
}


def voices(dice, half, count):
    """That many voices, each an accent, a variant, a pitch of espeak's 0 to 99, and words a minute. Pitches are 6 apart
    at least, but a woman's lowest and a man's highest may be heard as one."""
    variants, pitches = dice.sample(VARIANTS[half], count), dice.sample(range(20, 80, 12), count)
    return [
        (f"{dice.choice(ACCENTS)}+{variant}", pitch + dice.randint(0, 6), dice.randint(135, 175))
        for variant, pitch in zip(variants, pitches, strict=True)
    ]


def say(voice, text):
    """What espeak-ng says, without the silence around it."""
    name, pitch, speed = voice
    wav = subprocess.run(
        ["espeak-ng", "-v", name, "-p", str(pitch), "-s", str(speed), "--stdout", text], check=True, capture_output=True
    ).stdout
    convert = ["ffmpeg", "-v", "error", "-i", "-", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    raw = subprocess.run(convert, input=wav, check=True, capture_output=True).stdout
    samples = np.frombuffer(raw, "<i2").astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > 300)
    return samples[loud[0] : loud[-1] + 1]


def dialogue(seed, half):
    dice, grain = random.Random(f"dialogue {seed}"), np.random.default_rng(seed)
    speakers = voices(dice, half, [2, 2, 3, 4, 1][seed % 5])
    gains = [dice.uniform(0.5, 1) for _ in speakers]
    pieces, turns, at = [np.zeros(RATE // 2, np.float32)], [], RATE // 2
    order = [n % len(speakers) for n in range(3 * len(speakers) + 4)]
    last = None
    dice.shuffle(order)
    for who in order:
        text = ". ".join(dice.sample(SAID[half], dice.choice([1, 1, 2])))
        said = say(speakers[who], text)
        said *= gains[who] * 6000 / (np.sqrt(np.mean(said**2)) * 2 + 1)
        pause = np.zeros(int(dice.uniform(0.5 if last == who else 0.3, 1.6) * RATE), np.float32)
        turns.append({"speaker": who, "start": at / RATE, "end": (at + len(said)) / RATE, "text": text})
        pieces += [said, pause]
        at, last = at + len(said) + len(pause), who
    sound = np.concatenate(pieces)
    loudness = np.sqrt(np.mean(sound[np.abs(sound) > 100] ** 2))
    # Noise of a room is deeper than white: each sample holds on to some of the one before.
    noise = np.convolve(grain.normal(0, 1, len(sound) + 31), 0.8 ** np.arange(32), "valid")[: len(sound)]
    sound = sound + noise / noise.std() * loudness * 10 ** (-dice.uniform(20, 60) / 20)
    return np.clip(sound, -32768, 32767).astype("<i2"), turns


def main():
    folder, first, count, half = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        samples, turns = dialogue(seed, half)
        (folder / f"{seed}.pcm").write_bytes(samples.tobytes())
        (folder / f"{seed}.json").write_text(json.dumps({"turns": turns}))


if __name__ == "__main__":
    main()
