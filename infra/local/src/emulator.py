"""Runs the AWS emulator as a child of the local stack.

Eight things that its own command does not do:
* its Lambda Runtime API leaves Nagle's algorithm on, which costs every warm invocation 44 ms;
* it must not outlive the stack, however the stack ends. The stack holds the other end of our standard
  input; end of file means "stop", whether it was asked for or the stack was killed. SIGTERM makes the
  emulator save its state.
* two of them must not share a state directory, even for the moment in which one still saves: the lock makes
  the next one wait;
* its S3 ignores `Range` where a version is named, which is how sources are read;
* its S3 tells everybody that an object is not there. S3 forbids that answer, with 403, to who may not list the bucket;
* its IAM takes every schedule for one of the group `default`, so that a role for another group is denied;
* its IAM has actions of its own for Bedrock's Converse, which AWS allows as InvokeModel, and knows neither the jobs of
  Transcribe as resources nor where they write to;
* its Bedrock answers an embedding model with a sentence. Here it counts words, so that texts with the same words are
  close.
"""

import fcntl
import json
import math
import os
import signal
import socketserver
import threading
import zlib

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
from ministack.core import iam_actions, iam_evaluator, router  # noqa: E402
from ministack.services import bedrock_runtime, s3  # noqa: E402

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


head_object = s3._head_object


def may_list(bucket, headers, query_params):
    key_id = router.extract_access_key_id(headers, query_params)
    denied = iam_evaluator.enforce(key_id, "s3:ListBucket", "s3", os.environ["MINISTACK_REGION"], f"arn:aws:s3:::{bucket}")
    return denied is None


def told_where_allowed(read):
    def reading(bucket, key, headers=None, query_params=None):
        answer = read(bucket, key, headers, query_params)
        if answer[0] != 404 or may_list(bucket, headers or {}, query_params or {}):
            return answer
        return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}/{key}")

    return reading


s3._get_object = told_where_allowed(get_object_range)
s3._head_object = told_where_allowed(head_object)

extract_resource_arn = iam_actions.extract_resource_arn
extract_iam_action = iam_actions.extract_iam_action
request_tag_context = iam_actions.request_tag_context

CONVERSE = {
    "bedrock:Converse": "bedrock:InvokeModel",
    "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",
}


def extract_known_arn(service, method, path, headers, body, query_params, region, account_id):
    arn = extract_resource_arn(service, method, path, headers, body, query_params, region, account_id)
    if service == "transcribe":
        job = iam_actions._safe_json_field(body, "TranscriptionJobName")
        return f"arn:aws:transcribe:{region}:{account_id}:transcription-job/{job}" if job else arn
    if service != "scheduler":
        return arn
    named = iam_actions._safe_json_field(body, "GroupName")
    group = named or iam_actions._query_param(query_params, "groupName") or "default"
    return arn.replace(":schedule/default/", f":schedule/{group}/")


def extract_known_action(*request):
    action = extract_iam_action(*request)
    return CONVERSE.get(action, action)


def request_context(service, iam_action, body, params):
    context = request_tag_context(service, iam_action, body, params)
    bucket = iam_actions._safe_json_field(body, "OutputBucketName") if service == "transcribe" else None
    return {**context, "transcribe:OutputBucketName": bucket} if bucket else context


iam_actions.extract_resource_arn = extract_known_arn
iam_actions.extract_iam_action = extract_known_action
iam_actions.request_tag_context = request_context

invoke_model = bedrock_runtime._invoke_model


def invoke_embedding_model(model_id, headers, body):
    if "titan-embed" not in model_id:
        return invoke_model(model_id, headers, body)
    asked = json.loads(body)
    vector = [0.0] * asked.get("dimensions", 1024)
    words = asked["inputText"].lower().split()
    for word in words:
        vector[zlib.crc32(word.encode()) % len(vector)] += 1.0
    length = math.hypot(*vector) or 1.0
    answer = {"embedding": [x / length for x in vector], "inputTextTokenCount": len(words)}
    return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()


bedrock_runtime._invoke_model = invoke_embedding_model

main()
