#!/usr/bin/env python3
"""What an account's limit of concurrent executions of Lambda gives the parts of a stack: the parameters of template.yaml
that follow from it, printed as Name=Value. `capacity.py 1000` is what an account has whose limit was never lowered;
the template's defaults are those of 10, which a new account has.

The pipeline takes six tenths of the limit at most, and the rest stays for the API, beside it short work on queues and
schedules. There are two ways to see to that:

* Lambda reserves concurrency only above 100 that stay for everybody. From 400 on, the two steps that are wide, extract
  and describe, get a quarter each, which they cannot exceed. A video that runs takes one more at a time: a step before
  or after them, or the transcription beside the descriptions. As many run as would together be four times as wide as
  either quarter. While all of them are at their widest, with steps of a minute and tries half a minute apart, one try in
  six succeeds, of the eighty that a step has; were it sixteen times, one step in fifteen would give up.
* Below, nothing can be reserved. A video takes at most its map's width and one for the transcription beside it; as many
  run as fit into six tenths in the worst case.
"""

import sys

# Segments of a minute take half a minute each: 40 at a time are an hour of video in less than one.
WIDEST = 40
# What a map's width is of the limit: a new account's 10 must give two, and 1,000 the widest.
NARROWEST, LIMIT_PER_WIDTH = 2, 25
# From this limit on, concurrency can be reserved and 100 and more stay for everybody.
RESERVES_FROM = 400
# How often what runs may exceed what is reserved, were all videos at their widest.
OVERSUBSCRIBED = 4
# The least that a queue's event source takes, and a fiftieth of the limit for each of the three.
LEAST_OF_QUEUE, MOST_OF_QUEUE, LIMIT_PER_QUEUE = 2, 20, 50


def parameters(limit):
    """The parameters for an account with this limit, by name."""
    width = max(NARROWEST, min(WIDEST, limit // LIMIT_PER_WIDTH))
    reserved = limit // 4 if limit >= RESERVES_FROM else 0
    running = OVERSUBSCRIBED * reserved // width if reserved else limit * 6 // 10 // (width + 1)
    return {
        "MapWidth": width,
        "MaxRunningVideos": max(1, running),
        "StepConcurrency": reserved,
        "QueueConcurrency": max(LEAST_OF_QUEUE, min(MOST_OF_QUEUE, limit // LIMIT_PER_QUEUE)),
    }


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal() or int(sys.argv[1]) < 1:
        sys.exit("usage: capacity.py LIMIT, where LIMIT is the account's quota of concurrent executions of Lambda")
    for name, value in parameters(int(sys.argv[1])).items():
        print(f"{name}={value}")
