"""`make bench-media`: how good and how cheap the media core is, beside its peers, as one table.

Everything runs on this machine in one go: CPU seconds (user and system, of all processes), and ratios of medians, since
other work on the machine disturbs wall time. `bench.py EXAMPLES FOOTAGE FOLDER [--films N]`: EXAMPLES holds the built
examples of `shared/media`, FOLDER keeps films between runs.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
# First seeds. Whoever changes the detector looks at films of the first half alone, and at more of them than the table has.
HALVES = {"tuning": 1, "held-out": 8001}
RUNS = 5
# A change of a transition counts anywhere inside it, and this much beside it; a cut counts on its frame alone.
SLACK_SECS = 0.1


def measured(command, **options):
    """Standard output, CPU seconds and greatest resident megabytes of a command and all its children."""
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, **options)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[0]} failed with {child.returncode}")
    return output, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Score:
    """Found, missed and invented changes."""

    def __init__(self):
        self.hits = self.misses = self.inventions = 0

    def f1(self):
        return 2 * self.hits / max(1, 2 * self.hits + self.misses + self.inventions)


def score(films, found):
    """Scores of hard cuts and of gradual changes. What is found where nothing changes counts against both."""
    cuts, gradual = Score(), Score()
    for film in films:
        slack, left = SLACK_SECS * film["fps"], sorted(found[film["file"]])
        for change in film["changes"]:
            is_cut = change["kind"] == "cut"
            low, high = (
                (change["first"], change["last"]) if is_cut else (change["first"] - slack, change["last"] + slack)
            )
            hits = [frame for frame in left if low <= frame <= high]
            tally = cuts if is_cut else gradual
            if hits:
                tally.hits += 1
                # Only one is taken: a second one in the same transition is an invention.
                left.remove(min(hits, key=lambda frame: abs(frame - (change["first"] + change["last"]) / 2)))
            else:
                tally.misses += 1
        for frame in left:
            near = [c for c in film["changes"] if c["first"] - slack <= frame <= c["last"] + slack]
            if not near or any(change["kind"] == "cut" for change in near):
                cuts.inventions += 1
            if not near or any(change["kind"] != "cut" for change in near):
                gradual.inventions += 1
    return cuts, gradual


def folder_of(folder, half):
    return folder / f"{half}-{HALVES[half]}"


def films_of(folder, half, count, footage):
    folder = folder_of(folder, half)
    have = len(list(folder.glob("*.json")))
    if have < count:
        subprocess.run(
            [sys.executable, HERE / "films.py", footage, folder, str(HALVES[half] + have), str(count - have), half],
            check=True,
        )
    return folder, [json.loads(truth.read_text()) for truth in sorted(folder.glob("*.json"))[:count]]


def detection(examples, folder, half, count, footage):
    folder, films = films_of(folder, half, count, footage)
    ours = {}
    for film in films:
        report = json.loads(measured([examples / "scenes", folder / film["file"]])[0])
        ours[film["file"]] = [scene["frame"] for scene in report["scenes"][1:]]
    peers = json.loads(measured([sys.executable, HERE / "peers.py", folder])[0])
    changes = [change["kind"] == "cut" for film in films for change in film["changes"]]
    print(
        f"\n{half}: {len(films)} films from seed {HALVES[half]}, {sum(changes)} cuts, {len(changes) - sum(changes)} gradual changes"
    )
    print(f"  {'detector':<34}{'cuts P/R/F1':>20}{'gradual P/R/F1':>20}")
    row("FrameIQ", score(films, ours))
    best = {}
    for name, found in peers.items():
        kind, scores = name.split()[0], score(films, found)
        for which, one in enumerate(scores):
            if one.f1() > best.get((kind, which), (-1,))[0]:
                best[kind, which] = (one.f1(), name, one)
    for kind in dict.fromkeys(kind for kind, _ in best):
        # Each at the threshold that suits it best, chosen after the fact, and another for each column.
        (_, cut_name, cuts), (_, gradual_name, gradual) = best[kind, 0], best[kind, 1]
        thresholds = "/".join(dict.fromkeys([cut_name.split()[1], gradual_name.split()[1]]))
        row(f"PySceneDetect {kind} ({thresholds})", (cuts, gradual))


def row(name, scores):
    cells = []
    for one in scores:
        precision, recall = one.hits / max(1, one.hits + one.inventions), one.hits / max(1, one.hits + one.misses)
        cells.append(f"{precision:>9.2f} {recall:.2f} {one.f1():.3f}")
    print(f"  {name:<34}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def minute(folder, films_folder, name, size, encode):
    """A minute of the tuning films in that size, with sound."""
    out = folder / name
    if not out.exists():
        films = sorted(film for film in films_folder.iterdir() if film.suffix not in (".json", ".npy"))[:4]
        inputs = [word for film in films for word in ("-i", film)]
        scaled = "".join(f"[{n}:v]scale={size},setsar=1,fps=30,format=yuv420p[v{n}];" for n in range(len(films)))
        joined = "".join(f"[v{n}]" for n in range(len(films)))
        graph = f"{scaled}{joined}concat=n={len(films)}:v=1,loop=-1:32767,trim=0:60,setpts=N/30/TB[v]"
        sound = ["-f", "lavfi", "-i", "anoisesrc=amplitude=0.05:d=60"]
        mapped = ["-filter_complex", graph, "-map", "[v]", "-map", f"{len(films)}:a", "-t", "60"]
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            *inputs,
            *sound,
            *mapped,
            "-r",
            "30",
            *encode,
            "-g",
            "60",
            "-c:a",
            "aac",
            out,
        ]
        subprocess.run(command, check=True)
    return out


def cost(examples, folder, films_folder):
    video = minute(
        folder,
        films_folder,
        "minute-1080p.mp4",
        "1920:1080",
        ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "4700k"],
    )
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-i", video]
    frames = folder / "frames"
    frames.mkdir(exist_ok=True)
    content = "import sys, cv2, scenedetect as s; cv2.setNumThreads(1); s.detect(sys.argv[1], s.ContentDetector())"
    rows = {
        "ffmpeg, decoding alone": [[*ffmpeg, "-map", "0:v", "-f", "null", "-"]],
        "FrameIQ, from probe to join": [[examples / "scenes", video]],
        "PySceneDetect + frames + sound": [
            [sys.executable, "-c", content, video],
            [*ffmpeg, "-vf", "fps=1", "-q:v", "4", frames / "%05d.jpg"],
            [*ffmpeg, "-vn", "-ac", "1", "-ar", "16000", frames / "sound.wav"],
        ],
    }
    extraction = "FrameIQ, its extraction alone"
    taken, memory = {name: [] for name in [*rows, extraction]}, dict.fromkeys([*rows, extraction], 0)
    environment = {**os.environ, "OPENCV_FFMPEG_CAPTURE_OPTIONS": "threads;1"}
    for _ in range(RUNS):
        # In turns, so that whatever else the machine does falls on all of them.
        for name, commands in rows.items():
            results = [measured(command, env=environment) for command in commands]
            taken[name].append(sum(result[1] for result in results))
            memory[name] = max(memory[name], *(result[2] for result in results))
            if name.startswith("FrameIQ"):
                taken[extraction].append(json.loads(results[0][0])["extracted_cpu"])
                memory[extraction] = memory[name]
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    decode = medians["ffmpeg, decoding alone"]
    print(
        f"\na minute of 1080p30 H.264 with sound, medians of {RUNS}\n  {'':<34}{'CPU s':>10}{'× decode':>10}{'MB':>8}"
    )
    for name, seconds in medians.items():
        print(f"  {name:<34}{seconds:>10.2f}{seconds / decode:>10.2f}{memory[name]:>8.0f}")
    ours, theirs = medians[extraction], medians["PySceneDetect + frames + sound"]
    print(f"  FrameIQ is {ours / theirs:.2f} of the three separate passes", flush=True)


def width(examples, folder, films_folder):
    short = minute(folder, films_folder, "minute-360p.mp4", "640:360", ["-c:v", "libx264", "-preset", "veryfast"])
    hour = folder / "hour-360p.mp4"
    if not hour.exists():
        listed = folder / "hour.txt"
        listed.write_text(f"file '{short.name}'\n" * 60)
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "concat", "-i", listed, "-c", "copy", hour], check=True)
    print(
        "\nwith a worker per segment: slowest segment + join, medians of runs\n"
        f"  {'':<34}{'CPU s':>10}{'wall s':>10}{'segments':>10}"
    )
    cpu = {}
    for name, video in (("a minute", short), ("an hour", hour)):
        reports = [json.loads(measured([examples / "scenes", video])[0]) for _ in range(RUNS)]
        cpu[name], wall = (slowest(reports, *keys) for keys in (("cpu", "joined_cpu"), ("seconds", "joined")))
        print(f"  {name:<34}{cpu[name]:>10.2f}{wall:>10.2f}{len(reports[0]['segments']):>10}", flush=True)
    print(f"  an hour takes {cpu['an hour'] / cpu['a minute']:.2f} times a minute's CPU")
    joins = [json.loads(measured([examples / "join_hours", short, "12"])[0]) for _ in range(RUNS)]
    cpu, wall = (statistics.median(join[key] for join in joins) for key in ("cpu", "seconds"))
    peak = max(join["peak_mb"] for join in joins)
    print(f"  joining 12 hours: {cpu:.2f} CPU s, {wall:.2f} s, {peak} MB", flush=True)


def slowest(reports, of_segment, of_join):
    """Segments run here one after another, and each is disturbed once in a while: the median of each over the runs,
    then the greatest of them. Each has a core of its own in the cloud, so that its CPU time is its wall time."""
    segments = zip(*(report["segments"] for report in reports), strict=True)
    medians = [statistics.median(run[of_segment] for run in segment) for segment in segments]
    return max(medians) + statistics.median(report[of_join] for report in reports)


def main():
    parser = argparse.ArgumentParser()
    for name in ("examples", "footage", "folder"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--films", type=int, default=24)
    arguments = parser.parse_args()
    for half in HALVES:
        detection(arguments.examples, arguments.folder, half, arguments.films, arguments.footage)
    cost(arguments.examples, arguments.folder, folder_of(arguments.folder, "tuning"))
    width(arguments.examples, arguments.folder, folder_of(arguments.folder, "tuning"))


if __name__ == "__main__":
    main()
