"""Runs the AWS emulator as a child of the local stack.

What its own command does not do:
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
* its CloudFormation refuses an alarm on an expression over metrics. Here it is made, and never goes off: the emulator
  writes down none of the metrics that ours are over;
* its Bedrock answers an embedding model with a sentence. Here it counts words, so that texts with the same words are
  close;
* its API Gateway imports the paths of an API's document and not what the gateway answers by itself;
* it has no TLS, which the bucket's policy asks for. Here loopback counts as TLS;
* its Step Functions know neither `MaxDelaySeconds` nor `JitterStrategy` of a retrier, and wait for longer and longer;
* its Step Functions take an invocation that Lambda refuses, because too many are going on (LAMBDA_ACCOUNT_CONCURRENCY
  says how many may), for a crash of the function;
* its queues' consumers stop for good where a parameter of the template says how many there may be: it leaves the number
  a text;
* its queues and rules invoke a function once. Lambda keeps what its own limit refuses and tries again: a queue's
  messages for as long as they are invisible, what a rule sends for six hours.
"""

import fcntl
import json
import math
import os
import random
import signal
import socketserver
import threading
import time
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

from ministack import app  # noqa: E402  (it reads sockets' settings when imported)
from ministack.core import iam_actions, iam_evaluator, router  # noqa: E402
from ministack.services import apigateway_v1, bedrock_runtime, lambda_svc, s3, stepfunctions  # noqa: E402
from ministack.services.cloudformation import provisioners  # noqa: E402

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

alarm_record = provisioners._cw_metric_alarm_record


def alarm_record_with_math(name, props):
    metrics = props.get("Metrics")
    if not metrics:
        return alarm_record(name, props)
    (result,) = [metric["Id"] for metric in metrics if metric.get("ReturnData", True)]
    plain = {**props, "Metrics": None, "Namespace": "expressions", "MetricName": result}
    return {**alarm_record(name, plain), "Metrics": metrics}


provisioners._cw_metric_alarm_record = alarm_record_with_math

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

import_rest_api = apigateway_v1._import_rest_api


def import_whole_rest_api(spec, base_data=None):
    api = import_rest_api(spec, base_data)
    for kind, response in (spec.get("x-amazon-apigateway-gateway-responses") or {}).items():
        status, _, body = apigateway_v1._put_gateway_response(api, kind, response)
        if status >= 400:
            raise ValueError(f"the gateway response {kind} is refused: {body!r}")
    return api


apigateway_v1._import_rest_api = import_whole_rest_api

pin_request_origin = app.pin_request_origin
app.pin_request_origin = lambda address, _secure: pin_request_origin(address, True)

find_matching_retrier = stepfunctions._find_matching_retrier
call_lambda = stepfunctions._call_lambda
execute_function = lambda_svc._execute_function
sqs_esm_concurrency = lambda_svc._sqs_esm_concurrency


def find_retrier(retriers, error, counts):
    """The retrier with the pause that is due now, which its caller takes as the first of its pauses."""
    retrier, index = find_matching_retrier(retriers, error, counts)
    if retrier is None:
        return retrier, index
    pause = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** counts.get(index, 0)
    pause = min(pause, retrier.get("MaxDelaySeconds", pause))
    if retrier.get("JitterStrategy") == "FULL":
        pause = random.uniform(0, pause)
    return {**retrier, "IntervalSeconds": pause, "BackoffRate": 1}, index


def call_lambda_or_say_throttled(func_ref, event):
    try:
        return call_lambda(func_ref, event)
    except stepfunctions._ExecutionError as error:
        if error.error == "Lambda.Unknown" and '"TooManyRequestsException"' in error.cause:
            raise stepfunctions._ExecutionError("Lambda.TooManyRequestsException", error.cause) from None
        raise


def consumers(esm, *function):
    scaling = {name: int(value) for name, value in (esm.get("ScalingConfig") or {}).items()}
    return sqs_esm_concurrency({**esm, "ScalingConfig": scaling}, *function)


def kept_for(event):
    """For how many seconds Lambda keeps an event that it may not deliver yet; 0 where its sender is refused."""
    if not isinstance(event, dict):
        return 0
    if "detail-type" in event:
        return 6 * 3600
    records = event.get("Records") or [{}]
    return 150 if records[0].get("eventSource") == "aws:sqs" else 0


def execute_or_keep(func, event):
    result = execute_function(func, event)
    until = time.monotonic() + kept_for(event)
    while isinstance(result, dict) and result.get("throttle") and time.monotonic() < until:
        time.sleep(random.uniform(0.1, 1))
        result = execute_function(func, event)
    return result


stepfunctions._find_matching_retrier = find_retrier
stepfunctions._call_lambda = call_lambda_or_say_throttled
lambda_svc._execute_function = execute_or_keep
lambda_svc._sqs_esm_concurrency = consumers

app.main()
