"""On-screen text: character error rates on generated boards, beside Tesseract on the same files."""

import json
import os
import pathlib
import subprocess
import sys

from edits import Rate
from measure import measured

HERE = pathlib.Path(__file__).parent
# As the provider calls it: one thread a process.
ONE_THREAD = {**os.environ, "OMP_THREAD_LIMIT": "1"}


def ours(examples, files):
    """What the provider `builtin` reads on each file."""
    printed, cpu = measured([examples / "read_boards", *files])
    return [json.loads(line)["lines"] for line in printed.decode().splitlines()], cpu


def tesseract(*options):
    def read(_, files):
        pages, cpu = [], 0
        for file in files:
            printed, taken = measured(["tesseract", file, "stdout", *options], env=ONE_THREAD, stderr=subprocess.DEVNULL)
            pages.append(printed.decode().split("\n"))
            cpu += taken
        return pages, cpu

    return read


READERS = {
    "FrameIQ builtin": ours,
    "Tesseract --psm 11": tesseract("--psm", "11"),
    "Tesseract": tesseract(),
}


def characters(lines):
    """Lines as one text. Only the kind and number of blanks is forgiven."""
    return " ".join(" ".join(lines).split())


def boards(folder, half, first, count):
    """Clean and uneven boards of a half, drawn when they are not there."""
    folder = folder / "boards" / half
    have = len(list(folder.glob("clean-*.json")))
    if have < count:
        words = [folder, first + have, count - have, half]
        subprocess.run([sys.executable, HERE / "boards.py", *map(str, words)], check=True)
    return {
        name: [(file, json.loads(file.with_suffix(".json").read_text())) for file in numbered(folder, name, first, count)]
        for name in ("clean", "uneven")
    }


def numbered(folder, name, first, count):
    return [folder / f"{name}-{seed}.jpg" for seed in range(first, first + count)]


def section(table, arguments):
    for half, first in arguments.halves.items():
        sets = boards(arguments.folder, half, first, arguments.boards)
        table.head(
            f"on-screen text, {half}: {arguments.boards} clean and {arguments.boards} uneven boards from seed {first}",
            ["CER clean", "CER uneven", "printed", "by hand", "CPU s/board"],
        )
        for name, read in READERS.items():
            table.row(name, scored(sets, lambda files, read=read: read(arguments.examples, files)))


def scored(sets, read):
    """Error rates of both sets, of print and of handwriting among the uneven ones, and CPU seconds a board."""
    rates, hands, cpu = {name: Rate() for name in sets}, {True: Rate(), False: Rate()}, 0
    for name, files in sets.items():
        pages, taken = read([file for file, _ in files])
        cpu += taken
        for (_, truth), lines in zip(files, pages, strict=True):
            wanted, found = characters(truth["lines"]), characters(lines)
            rates[name].add(wanted, found)
            if name == "uneven":
                hands[truth["kind"] == "hand"].add(wanted, found)
    shares = [rates["clean"].value, rates["uneven"].value, hands[False].value, hands[True].value]
    return [f"{share:.3f}" for share in shares] + [f"{cpu / sum(map(len, sets.values())):.2f}"]
