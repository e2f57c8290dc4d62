"""Five seconds of video through a deployed stage, from upload to answer, as a stranger with a key would send them."""

import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from stage import Stop, one_line

# Words whose letters are told apart easily.
WORDS = ["HARBOUR", "LANTERN", "MEADOW", "ORCHARD", "PENGUIN", "THUNDER", "WALNUT"]
FONTS = [
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/System/Library/Fonts/Helvetica.ttc",
]
# Seconds. A cold stage takes one or two minutes.
LONGEST = 900
CALL_TIMEOUT = 60
POLL = 2
ENDED_WELL = "COMPLETED"


class Api:
    """Both APIs of a stage, called with what the operator gave. Nothing secret is in what it raises."""

    def __init__(self, videos, jobs, token, key):
        self.videos, self.jobs = videos.rstrip("/"), jobs.rstrip("/")
        self.token, self.key = token, key

    def call(self, method, url, body=None, headers=None, as_user=False):
        """(status, JSON or text) of a call; as the key's owner unless `as_user`."""
        headers = dict(headers or {})
        if as_user:
            headers["Authorization"] = f"Bearer {self.token}"
        elif self.key:
            headers["X-API-Key"] = self.key
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        return read(*send(method, url, body, headers))


def call_public(url):
    """(status, JSON or text) of a call without credentials."""
    return read(*send("GET", url, None, {}))


def read(status, text):
    """The answer as JSON where it is."""
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def send(method, url, body, headers):
    """(status, text) of a request."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=CALL_TIMEOUT) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode("utf-8", "replace")
    except OSError as failure:
        where = url.split("?")[0]
        raise Stop(f"{where} cannot be reached ({one_line(getattr(failure, 'reason', failure))}): look at the network and at API_URL") from failure


def try_clip(api, say):
    """Uploads a clip, waits for it, asks for the word in it, and removes it. Returns what was seen, in a few words."""
    made_key = None
    if not api.key:
        made_key = make_key(api)
    word = random.choice(WORDS)
    began = time.monotonic()
    job = None
    try:
        job = upload(api, word)
        say(f"job {job} is uploaded, and has {word} on its screen")
        wait(api, job, say)
        processed = time.monotonic() - began
        find(api, job, word)
        seen = f"{word} was read and found, {processed:.0f} s after the upload began"
        if api.token:
            seen += f"; asked about it, the first event of the answer came after {ask(api, job):.1f} s"
        return seen
    finally:
        clean(api, job, made_key, say)


def make_key(api):
    """Makes a key with the session token. Returns its prefix."""
    status, answer = api.call("POST", f"{api.jobs}/keys", {"name": "make doctor"}, as_user=True)
    if status == 401:
        raise Stop("the session token in TOKEN is not taken: get a new one (they live a minute unless told otherwise), and compare its `iss` with ClerkIssuer")
    if status != 200:
        raise Stop(f"POST /v1/api/keys answers {status}: {short(answer)}")
    api.key = answer["data"]["key"]
    return answer["data"]["keyPrefix"]


def upload(api, word):
    status, answer = api.call("POST", f"{api.jobs}/jobs", {"fileName": "doctor.mp4"})
    if status == 401:
        raise Stop("the API key is not taken: make a new one with POST /v1/api/keys")
    if status != 200:
        raise Stop(f"POST /v1/api/jobs answers {status}: {short(answer)}")
    job, url = answer["data"]["jobId"], answer["data"]["uploadUrl"]
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(pathlib.Path(folder, "doctor.mp4"), word)
        status, text = send("PUT", url, clip, {"Content-Type": "application/octet-stream"})
    if status != 200:
        raise Stop(f"the upload of job {job} is answered {status} by S3: {short(text)}; look at the bucket's policy, and at the clock of this machine")
    return job


def make_clip(file, word):
    """Five seconds with a word on white, and a tone."""
    font = next((name for name in FONTS if pathlib.Path(name).is_file()), None)
    if font is None or not shutil.which("ffmpeg"):
        raise Stop("ffmpeg and a font are needed to make the clip: run `infra/local/setup.sh --deploy`")
    text = f"drawtext=fontfile={font}:text={word}:fontsize=96:fontcolor=black:x=(w-tw)/2:y=(h-th)/2"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "color=c=white:s=1280x720:r=25:d=5"]
    command += ["-f", "lavfi", "-i", "sine=f=330:d=5", "-vf", text, "-pix_fmt", "yuv420p", "-c:a", "aac", str(file)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Stop(f"this machine's ffmpeg made no clip: {one_line(made.stderr)}; install a full build of it")
    return file.read_bytes()


def wait(api, job, say):
    """Until the job is completed; says each change on the way."""
    last, until = None, time.monotonic() + LONGEST
    while time.monotonic() < until:
        status, answer = api.call("GET", f"{api.jobs}/jobs/{job}")
        if status == 429:
            time.sleep(10)
            continue
        if status != 200:
            raise Stop(f"GET /v1/api/jobs/{job} answers {status}: {short(answer)}")
        data = answer["data"]
        stages = [stage["stage"] for stage in data["cost"]["stages"]]
        now = data["status"] + (f", done: {', '.join(stages)}" if stages else "")
        if now != last:
            say(now)
        last = now
        if data["status"] == ENDED_WELL:
            return
        if "FAILED" in data["status"] or data["status"] in ("CANCELLED", "COMPLETED_NO_SCENES"):
            raise Stop(
                f"job {job} ended as {data['status']} ({data.get('errorCode', 'no code')}): {short(data.get('errorMessage', ''))} "
                "Look at its execution in Step Functions, then at the log of the step that failed"
            )
        time.sleep(POLL)
    raise Stop(f"job {job} is still {last} after {LONGEST // 60} minutes: look at its execution in Step Functions and at the ingest queue's dead letters")


def find(api, job, word):
    """Whether a search for the word leads to the clip."""
    status, answer = api.call("POST", f"{api.jobs}/search", {"query": word.lower(), "jobIds": [job]})
    if status != 200:
        raise Stop(f"POST /v1/api/search answers {status}: {short(answer)}")
    if not any(word.lower() in moment["text"].lower() for moment in answer["data"]):
        raise Stop(f"job {job} was processed, and a search does not find {word}, which is on its screen: give PipelineDescribe a reader of text (`make layers`, then `make deploy`)")


def ask(api, job):
    """Asks about the clip. Returns the seconds until the first event."""
    body = json.dumps({"question": "What is written on the screen?"}).encode()
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{api.videos}/chat/{job}", data=body, method="POST", headers=headers)
    began, first, text = time.monotonic(), None, ""
    try:
        with urllib.request.urlopen(request, timeout=CALL_TIMEOUT * 5) as answer:
            for line in answer:
                if line.startswith(b"data:"):
                    first = first or time.monotonic() - began
                    text = line.decode("utf-8", "replace")[len("data:") :]
    except urllib.error.HTTPError as refusal:
        status, said = refusal.code, refusal.read().decode("utf-8", "replace")
        if status == 401:
            raise Stop("the session token in TOKEN is not taken any more: get one that lives for some minutes") from refusal
        raise Stop(f"POST /chat/{job} answers {status}: {short(said)}") from refusal
    except OSError as failure:
        raise Stop(f"the answer of POST /chat/{job} broke off: {one_line(failure)}; look at the log of ChatAsk") from failure
    if first is None or json.loads(text).get("type") != "done":
        raise Stop(f"the answer of POST /chat/{job} ends with {short(text)} and not with `done`; look at the log of ChatAsk")
    return first


def clean(api, job, made_key, say):
    """Removes what the trial made, as far as what the operator gave allows."""
    if job and not api.token:
        say(f"the clip stays as job {job}: an API key cannot delete; give TOKEN, or DELETE /videos/{job}")
    if job and api.token:
        status, answer = api.call("DELETE", f"{api.videos}/videos/{job}", as_user=True)
        say("the clip is deleted" if status == 204 else f"the clip stays as video {job}: DELETE answers {status}: {short(answer)}")
    if made_key:
        status, answer = api.call("DELETE", f"{api.jobs}/keys/{made_key}", as_user=True)
        if status != 200:
            say(f"revoke the API key {made_key} yourself: DELETE answers {status}: {short(answer)}")


def short(answer):
    """The part of an answer that a line has room for."""
    if isinstance(answer, dict):
        answer = answer.get("error") or answer.get("detail") or answer
    return one_line(answer)[:300]
