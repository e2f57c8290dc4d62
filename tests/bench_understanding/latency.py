"""How long a search takes, in a library of many hours and in one video of it, everything at hand."""

import shutil
import subprocess


def section(table, arguments):
    folder = arguments.folder / "library"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [arguments.examples / "library_hours", str(arguments.hours), "300", folder]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()
    shutil.rmtree(folder)
    figures = dict(line.split() for line in printed.splitlines())
    table.head(
        f"search over {arguments.hours} hours: {int(figures['rows']):,} rows in {figures['shards']} shards, without embedding the query",
        ["p50 ms", "p95 ms", "CPU ms"],
    )
    for name, title in (("all", "the whole library"), ("misspelt", "with a word that is nowhere"), ("one_video", "one video of it")):
        table.row(title, [figures[f"{name}_{figure}_ms"] for figure in ("p50", "p95", "cpu")])
    table.note(f"in memory: {figures['shard_mib']} MiB of shards; from disk to there: {float(figures['cold_ms']) / 1e3:.1f} s")
