"""How long it takes until an answer begins, in the local stack as `make bench` starts it: real binaries behind the front,
a warm function, a lecture that was processed before. The provider is `builtin`, so no model's own time is in it."""

import json
import statistics
import subprocess

# Milliseconds.
GOALS = {"first_event": ("first event", 100), "first_token": ("first words, builtin", 250)}


def section(table, arguments):
    program = arguments.examples.parent / "bench_first_event"
    printed = subprocess.run([program, str(arguments.asked)], stdout=subprocess.PIPE, check=True).stdout.decode()
    figures = json.loads(printed)
    table.head(f"from a question to its answer, warm, {arguments.asked} questions", ["p50 ms", "p95 ms", "goal ms"])
    for name, (title, goal) in GOALS.items():
        times = figures[name]
        p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
        table.row(title, [f"{statistics.median(times):.1f}", f"{p95:.1f}", f"{goal}"])
