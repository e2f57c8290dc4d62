"""Runs the AWS emulator as a child of the local stack.

Five things that its own command does not do:
* its Lambda Runtime API leaves Nagle's algorithm on, which costs every warm invocation 44 ms;
* it must not outlive the stack, however the stack ends. The stack holds the other end of our standard
  input; end of file means "stop", whether it was asked for or the stack was killed. SIGTERM makes the
  emulator save its state.
* two of them must not share a state directory, even for the moment in which one still saves: the lock makes
  the next one wait;
* its S3 ignores `Range` where a version is named, which is how sources are read;
* its IAM takes every schedule for one of the group `default`, so that a role for another group is denied.
"""

import fcntl
import os
import signal
import socketserver
import threading

socketserver.StreamRequestHandler.disable_nagle_algorithm = True


def stop_with_the_stack():
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


state = os.environ["STATE_DIR"]
os.makedirs(state, exist_ok=True)
lock = open(os.path.join(state, "lock"), "w")
fcntl.flock(lock, fcntl.LOCK_EX)

threading.Thread(target=stop_with_the_stack, daemon=True).start()

from ministack.app import main  # noqa: E402  (it reads sockets' settings when imported)
from ministack.core import iam_actions  # noqa: E402
from ministack.services import s3  # noqa: E402

get_object = s3._get_object


def get_object_range(bucket, key, headers, query_params=None):
    status, answer_headers, body = get_object(bucket, key, headers, query_params)
    asked = headers.get("range", "")
    span = s3._parse_range(asked, len(body)) if asked and status == 200 else None
    if span is None:
        return status, answer_headers, body
    start, end = span
    answer_headers["Content-Length"] = str(end + 1 - start)
    answer_headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return 206, answer_headers, body[start : end + 1]


s3._get_object = get_object_range

extract_resource_arn = iam_actions.extract_resource_arn


def extract_schedule_arn(service, method, path, headers, body, query_params, region, account_id):
    arn = extract_resource_arn(service, method, path, headers, body, query_params, region, account_id)
    if service != "scheduler":
        return arn
    named = iam_actions._safe_json_field(body, "GroupName")
    group = named or iam_actions._query_param(query_params, "groupName") or "default"
    return arn.replace(":schedule/default/", f":schedule/{group}/")


iam_actions.extract_resource_arn = extract_schedule_arn

main()
