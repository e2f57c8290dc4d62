"""faster.py MODEL RECORDING…: what faster-whisper hears in raw files of 16 kHz mono 16-bit samples, as a list in JSON."""

import json
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from faster_whisper import WhisperModel

model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=1)
heard = []
for path in sys.argv[2:]:
    samples = np.fromfile(path, np.int16).astype(np.float32) / 32768
    segments, _ = model.transcribe(samples, beam_size=1, condition_on_previous_text=False)
    heard.append(" ".join(segment.text for segment in segments))
print(json.dumps(heard))
