"""Search over a library of generated videos: is what somebody remembers among the first five, and is nothing found where
there is nothing?"""

import json
import random
import subprocess

from lessons import FILLER, LESSONS, NONSENSE

KINDS = {"boards": "screen_text", "speech": "speech", "objects": "object"}
FIRST = 5


def library(lessons, fillers, first):
    """Videos of scenes, each with a board, what is said meanwhile and what is seen; and the queries, with the moment that
    each is about."""
    draw, videos, queries = random.Random(first), [], []
    for number, lesson in enumerate(lessons):
        scenes, speech, clock = [], [], 0.0
        objects = [lesson["objects"][0], None, None]
        for (line, line_query), (sentence, sentence_query, *_), thing in zip(
            lesson["boards"], lesson["speech"], objects, strict=True
        ):
            start, lasts = clock, draw.uniform(20, 40)
            clock += lasts
            said = [draw.choice(fillers), sentence, draw.choice(fillers)]
            for at, text in enumerate(said):
                speech.append({"start": start + at * lasts / 3, "end": start + (at + 0.8) * lasts / 3, "text": text})
            queries.append({"query": sentence_query, "video": number, "kind": "speech", "start": speech[-2]["start"]})
            queries.append({"query": line_query, "video": number, "kind": "screen_text", "start": start})
            if thing:
                queries.append({"query": thing[1], "video": number, "kind": "object", "start": start})
            scenes.append(
                {"start": start, "end": clock, "lines": [line], "objects": [thing[0]] if thing else []}
            )
        videos.append({"length": clock, "scenes": scenes, "speech": speech})
    return videos, queries


def section(table, arguments):
    for half, first in arguments.halves.items():
        videos, queries = library(LESSONS[half], FILLER[half], first)
        table.head(
            f"search, {half}: {len(queries)} queries over {len(videos)} videos from seed {first}, recall in the first {FIRST}",
            ["screen text", "speech", "objects", "nonsense"],
        )
        for name, found in searched(arguments, videos, [query["query"] for query in queries] + NONSENSE):
            shares = [recall(queries, found, kind) for kind in ("screen_text", "speech", "object")]
            silent = sum(not moments for moments in found[len(queries) :]) / len(NONSENSE)
            table.row(name, [f"{share:.3f}" for share in [*shares, silent]])
            if arguments.misses and half == "tuning":
                misses(table, queries, NONSENSE, found)


def searched(arguments, videos, queries):
    """What each embedder finds for each query."""
    asked = json.dumps({"videos": videos, "queries": queries}).encode()
    embedders = [("builtin with MiniLM", arguments.models / "minilm"), ("builtin, words alone", None)]
    for name, embedder in embedders:
        command = [arguments.examples / "retrieve", *([embedder] if embedder else [])]
        printed = subprocess.run(command, input=asked, stdout=subprocess.PIPE, check=True).stdout
        yield name, [json.loads(line) for line in printed.decode().splitlines()]


def is_hit(query, moments):
    return any(
        moment["video"] == query["video"] and abs(moment["start"] - query["start"]) < 0.01 and moment["kind"] == query["kind"]
        for moment in moments[:FIRST]
    )


def recall(queries, found, kind):
    of_kind = [(query, moments) for query, moments in zip(queries, found) if query["kind"] == kind]
    return sum(is_hit(query, moments) for query, moments in of_kind) / len(of_kind)


def misses(table, queries, nonsense, found):
    for query, moments in zip(queries, found):
        if not is_hit(query, moments):
            table.note(f"missed {query['kind']}: {query['query']} -> {[moment['text'] for moment in moments[:3]]}")
    for query, moments in zip(nonsense, found[len(queries) :]):
        if moments:
            table.note(f"found for {query}: {moments[0]['text']} ({moments[0]['score']:.2f})")
