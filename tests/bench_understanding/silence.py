"""Search over videos of other subjects, asked in more ways: is what is there found however it is asked for, and is nothing
found for each kind of nonsense? All of it is for making thresholds; how well they do, the half of `lessons.py` that is
held out says, of which the same kinds of nonsense are asked."""

import random
import re

import nonsense
from lessons import FILLER, LESSONS
from retrieval import is_hit, library, misses, searched
from subjects import ASIDES, SUBJECTS

FIRST_SEED = 1
# How people ask for what somebody says, a board shows, or is seen.
FRAMES = {
    "speech": ["what did they say about {}", "when does someone mention {}", "the moment where they talk about {}", "who explains {}"],
    "screen_text": ["what is written about {}", "show me the slide with {}", "where does the board say {}", "the part about {}"],
    "object": ["show me the scene with the {}", "where can I see a {}", "which video shows a {}", "find the {}"],
}
IS_ASKED = re.compile("who|what|how|when|where|which|is|why|does")


def texts(videos):
    """Everything that is said or shown."""
    for video in videos:
        for scene in video["scenes"]:
            yield from scene["lines"] + scene["objects"]
        yield from (said["text"] for said in video["speech"])


def asked_otherwise(draw, videos, queries):
    """The same moments, asked for in other ways: each a query with its `way`."""
    counts = {}
    for text in texts(videos):
        for word in set(re.findall("[a-z]{4,}", text.lower())):
            counts[word] = counts.get(word, 0) + 1
    shown = {(number, "screen_text", scene["start"]): scene["lines"][0] for number, video in enumerate(videos) for scene in video["scenes"]}
    shown |= {(number, "speech", said["start"]): said["text"] for number, video in enumerate(videos) for said in video["speech"]}
    for query in queries:
        frame = draw.choice(FRAMES[query["kind"]])
        yield query | {"way": "asked", "query": frame.format(query["query"])}
        text = shown.get((query["video"], query["kind"], query["start"]))
        if text is None:
            continue
        rare = [word for word in re.findall("[a-z]{4,}", text.lower()) if counts[word] == 1]
        if rare:
            word = max(rare, key=len)
            yield query | {"way": "one word", "query": word}
            yield query | {"way": "one, asked", "query": frame.format(word)}
        yield query | {"way": "misspelt", "query": misspelt(draw, query["query"])}
    sentences = (sentence for lesson in SUBJECTS for sentence in lesson["speech"])
    for query, (_, _, otherwise) in zip((query for query in queries if query["kind"] == "speech"), sentences, strict=True):
        yield query | {"way": "otherwise", "query": otherwise}


def misspelt(draw, query):
    """With one letter left out, two changed over, or another one inside of one of its longer words."""
    word = draw.choice(re.findall("[A-Za-z]{5,}", query) or re.findall("[A-Za-z]{3,}", query))
    at = draw.randrange(1, len(word) - 1)
    slips = [word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + draw.choice("aeioustrn") + word[at + 1 :]]
    return query.replace(word, draw.choice(slips), 1)


def section(table, arguments):
    if "tuning" in arguments.halves:
        other_subjects(table, arguments)
    if "held-out" in arguments.halves:
        first = arguments.halves["held-out"]
        videos, _ = library(LESSONS["held-out"], FILLER["held-out"], first)
        kinds = nonsense_about(videos, first)
        results = searched(arguments, videos, flat(kinds))
        silence(table, f"search, held-out: nonsense of {{}} queries about {len(videos)} videos from seed {first}", kinds, results)


def other_subjects(table, arguments):
    draw = random.Random(FIRST_SEED)
    videos, queries = library(SUBJECTS, ASIDES, FIRST_SEED)
    queries = [query | {"way": query["kind"].replace("_", " ")} for query in queries]
    queries += list(asked_otherwise(draw, videos, queries))
    kinds = nonsense_about(videos, FIRST_SEED)
    results = list(searched(arguments, videos, [query["query"] for query in queries] + flat(kinds)))
    ways = list(dict.fromkeys(query["way"] for query in queries))
    table.head(f"search, other subjects: {len(queries)} queries over {len(videos)} videos, recall in the first five", ways)
    for name, found in results:
        of_way = {way: [is_hit(query, moments) for query, moments in zip(queries, found) if query["way"] == way] for way in ways}
        table.row(name, [f"{sum(hits) / len(hits):.3f}" for hits in of_way.values()])
    if arguments.misses:
        for _, found in results:
            misses(table, queries, flat(kinds), found)
    results = [(name, found[len(queries) :]) for name, found in results]
    silence(table, "search, other subjects: nonsense of {} queries", kinds, results)


def nonsense_about(videos, seed):
    """Queries for what is not there, by kind; some of them as people ask."""
    draw = random.Random(seed)
    kinds = nonsense.kinds(list(texts(videos)), seed)
    statements = [query for kind in ("elsewhere", "alone", "near", "no sense") for query in kinds[kind] if not IS_ASKED.match(query)]
    frames = [frame for frames in FRAMES.values() for frame in frames]
    return kinds | {"asked": [draw.choice(frames).format(query) for query in draw.sample(statements, 80)]}


def flat(kinds):
    return [query for of_kind in kinds.values() for query in of_kind]


def silence(table, title, kinds, results):
    """The share of each kind that finds nothing."""
    table.head(title.format(len(flat(kinds))) + ", share that finds nothing", ["all", *kinds])
    for name, found in results:
        silent = [not moments for moments in found]
        cells, rest = [sum(silent) / len(silent)], silent
        for of_kind in kinds.values():
            mine, rest = rest[: len(of_kind)], rest[len(of_kind) :]
            cells.append(sum(mine) / len(mine))
        table.row(name, [f"{cell:.3f}" for cell in cells])
