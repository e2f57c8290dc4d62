"""How the fuzzer gets in: which address, key and token each request comes from, and which ids it knows.

Limits are counted per source address, per key and per user, so each request takes the next visitor of a long row as
soon as one has nearly used up its minute. What may be used is in the JSON file that ACCESS names; what was answered is
counted into the file that ANSWERS names.
"""

import atexit
import json
import os
import random
import re
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime
from itertools import cycle

import requests
import schemathesis
import stripe
import svix
from hypothesis.strategies import sampled_from
from requests.adapters import HTTPAdapter

with open(os.environ["ACCESS"]) as file:
    ACCESS = json.load(file)

# Of 60 a minute for an address, and of 10 for a user who manages keys.
REQUESTS_EACH = 45
KEY_REQUESTS_EACH = 7
# Of the webhooks; the others test what a signature is for.
SIGNED = 0.7
UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SVIX = {"svix-id", "svix-timestamp", "svix-signature"}


class FromAddress(HTTPAdapter):
    """Connections from one address of this machine; all of 127/8 is its own."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)

    def send(self, request, **kwargs):
        if dice.random() < SIGNED:
            sign(request)
        return super().send(request, **kwargs)


def sign(request):
    """Signs a webhook as its sender would, over the bytes that are sent, unless it is to lack its headers."""
    body = request.body or b""
    text = body if isinstance(body, str) else body.decode(errors="replace")
    now = datetime.now(UTC)
    if request.path_url == "/webhooks/clerk" and SVIX <= {name.lower() for name in request.headers}:
        name = f"msg_{uuid.uuid4().hex}"
        request.headers["svix-id"] = name
        request.headers["svix-timestamp"] = str(int(now.timestamp()))
        request.headers["svix-signature"] = svix.Webhook(ACCESS["clerk_secret"]).sign(name, now, text)
    elif request.path_url == "/webhooks/stripe" and "stripe-signature" in request.headers:
        time = int(now.timestamp())
        signature = stripe.WebhookSignature._compute_signature(f"{time}.{text}", ACCESS["stripe_secret"])
        request.headers["stripe-signature"] = f"t={time},v1={signature}"


class Row:
    """Visitors one after the other, each for so many requests."""

    def __init__(self, visitors, requests_each):
        self.visitors = cycle(visitors)
        self.requests_each = requests_each
        self.requests = 0
        self.current = next(self.visitors)
        self.lock = threading.Lock()

    def next(self):
        with self.lock:
            self.requests += 1
            if self.requests % self.requests_each == 0:
                self.current = next(self.visitors)
            return self.current


addresses = Row([FromAddress(address) for address in ACCESS["addresses"]], REQUESTS_EACH)
keys = Row(ACCESS["keys"], REQUESTS_EACH)
managers = Row(ACCESS["managers"], KEY_REQUESTS_EACH)
# Of its own: the fuzzer sets Python's back to the same seed for each case.
dice = random.Random()
answers = Counter()
atexit.register(lambda: json.dump(answers, open(os.environ["ANSWERS"], "w"), indent=1, sort_keys=True))


# Asked for each request; by default one answer is used for five minutes.
@schemathesis.auth(refresh_interval=None)
class Visitor:
    def get(self, case, context):
        if case.path.startswith("/v1/api/keys"):
            return "Authorization", f"Bearer {managers.next()}"
        if case.path.startswith("/v1/api"):
            return "X-API-Key", keys.next()
        return "Authorization", f"Bearer {ACCESS['token']}"

    def set(self, case, data, context):
        name, value = data
        case.headers = {**(case.headers or {}), name: value}


# Whichever session a request is sent with: checks that send requests of their own have their own.
requests.Session.get_adapter = lambda session, url: addresses.next()


@schemathesis.hook
def after_call(context, case, response):
    answers[f"{case.method.upper()} {case.path} {response.status_code}"] += 1
    if (case.method.upper(), case.path, response.status_code) == ("POST", "/v1/api/jobs", 200):
        # It would hold one of the places for uploads, and the tenth would be the last that is made.
        job = response.json()["data"].get("jobId")
        # A dry run has made none.
        if job:
            requests.post(f"{response.request.url}/{job}/cancel", headers={"X-API-Key": keys.next()}, timeout=60)


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    # Half of them are ids that exist: nothing behind a 404 would be reached otherwise.
    return sampled_from([path_parameters, with_known_ids(path_parameters)])


def with_known_ids(parameters):
    """Text that is no id stays: it is there to be refused."""
    return {
        name: ACCESS["ids"].get(name, value) if UUID.fullmatch(str(value)) else value
        for name, value in (parameters or {}).items()
    }


@schemathesis.hook
def before_call(context, case, kwargs):
    # What the other cases look at must stay.
    ends_it = case.method.upper() == "DELETE" or case.path.endswith("/cancel")
    for name, known in ACCESS["ids"].items():
        if ends_it and (case.path_parameters or {}).get(name) == known:
            case.path_parameters[name] = str(uuid.uuid4())


@schemathesis.hook
def filter_failure(context, failure, case, response):
    # API Gateway has no such methods: it refuses them itself, before anything of ours runs.
    gateways = case.method.upper() in ("TRACE", "QUERY")
    # It takes "0" for a good value of every text in a header, also of one with a pattern.
    misjudged = (case.headers or {}).get("Last-Event-ID") == "0" and response.status_code == 400
    return not (gateways or misjudged)
