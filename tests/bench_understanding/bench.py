"""`make bench-understanding`: how well videos are understood, beside simple peers, as one table.

`bench.py EXAMPLES FOLDER [SECTION…]`: EXAMPLES holds the built examples of `shared/intelligence`, FOLDER keeps what was
generated between runs. Every set is generated from fixed seeds, in two halves: rules and thresholds are made with the
half `tuning` alone, the half `held-out` (other sentences, fonts and voices) only says how well they do. What search finds
for nonsense is asked more widely, of a third set for making rules with (`silence`).

A section is a function of the table and the arguments.
"""

import argparse
import pathlib

import first_event
import hearing
import latency
import money
import reading
import retrieval
import silence
from table import Table

SECTIONS = {
    "text": reading.section,
    "speakers": hearing.speakers,
    "words": hearing.words,
    "retrieval": retrieval.section,
    "silence": silence.section,
    "latency": latency.section,
    "first-event": first_event.section,
    "money": money.section,
}
# First seeds.
HALVES = {"tuning": 1, "held-out": 9001}


def main():
    parser = argparse.ArgumentParser()
    for name in ("examples", "folder"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], default=[])
    parser.add_argument("--half", choices=HALVES, help="this half alone")
    parser.add_argument("--boards", type=int, default=40, help="clean, and as many uneven ones, of each half")
    parser.add_argument("--dialogues", type=int, default=20, help="recordings of each half")
    parser.add_argument("--transcribed", type=int, default=3, help="of them, whose words are recognised too")
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path(".local/models"), help="the folder that models are fetched into")
    parser.add_argument("--misses", action="store_true", help="list what was not found; of the half for tuning alone")
    parser.add_argument("--hours", type=int, default=1000, help="of video in the library whose search is timed")
    parser.add_argument("--asked", type=int, default=40, help="questions until whose first event and word is timed")
    arguments = parser.parse_args()
    arguments.halves = {half: first for half, first in HALVES.items() if arguments.half in (None, half)}
    table = Table()
    for name in arguments.sections or SECTIONS:
        SECTIONS[name](table, arguments)


if __name__ == "__main__":
    main()
