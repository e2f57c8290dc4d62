"""`make doctor STAGE=…`: what a deployed stage needs, in the order in which it needs it, each with what to do."""

import os
import re

import yaml

import models
import trial
from settings import Loader
from stage import Stop, outputs, parameters, run, stage_of_environment

GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
# Lambda's quota of concurrent executions, by its code in Service Quotas.
CONCURRENCY_QUOTA = "L-B99A9384"
# Below that an account is a new one, and videos wait for each other.
FEW_EXECUTIONS = 100
# What a new account may give a function, in MB.
MEMORY_OF_NEW_ACCOUNTS = 3008
# What is lost without each; None where a stage may well do without it.
SECRETS = {
    "ClerkWebhookSecretArn": "deleted users of Clerk are not erased",
    "StripeWebhookSecretArn": "what is paid for is not credited",
    "StripeApiKeyArn": "nothing can be bought",
    "OpenAiApiKeyArn": None,
    "YouTubeProxyArn": None,
    "YouTubeCookiesArn": None,
}


class Report:
    """What was looked at. Remembers whether anything was wrong."""

    def __init__(self):
        self.wrong = 0

    def ok(self, what, line):
        print(f"  ok     {what:<12} {line}", flush=True)

    def note(self, what, line):
        print(f"  note   {what:<12} {line}", flush=True)

    def bad(self, what, line):
        self.wrong += 1
        print(f"  WRONG  {what:<12} {line}", flush=True)


def main():
    report, stage = Report(), stage_of_environment()
    caller = stage.open()
    report.ok("credentials", f"{caller} in {stage.session.region_name}")
    deployed = stage.deployed()
    if deployed is None:
        raise Stop(f"there is no stack {stage.stack} in this account and region: run `make deploy STAGE={stage.name}`")
    for name, look in [("stack", stack), ("quotas", quotas), ("layers", layers), ("models", model_access), ("secrets", secrets)]:
        try:
            look(report, stage, deployed)
        except Stop as stop:
            report.bad(name, str(stop))
    try:
        api = health(report, stage, deployed)
    except Stop as stop:
        report.bad("health", str(stop))
    else:
        try:
            clip(report, stage, api)
        except Stop as stop:
            report.bad("clip", str(stop))
    print()
    if report.wrong:
        print(f"  {stage.stack}: {report.wrong} wrong; each line says what to do, then run `make doctor STAGE={stage.name}` again")
        return 1
    print(f"  {stage.stack} is well.")
    return 0


def stack(report, stage, deployed):
    status = deployed["StackStatus"]
    if status in GOOD:
        report.ok("stack", f"{stage.stack} is {status}")
    elif status == "UPDATE_ROLLBACK_COMPLETE":
        failure = stage.first_failure()
        report.note("stack", f"the last deployment was rolled back and the one before it serves; first failure: {failure}")
    elif status.endswith("_IN_PROGRESS"):
        report.bad("stack", f"{stage.stack} is {status}: wait until CloudFormation is done")
    else:
        report.bad("stack", f"{stage.stack} is {status} ({stage.first_failure()}): correct that, then `make deploy STAGE={stage.name}`")


def quotas(report, stage, deployed):
    settings = stage.client("lambda").get_account_settings()
    limit, usage = settings["AccountLimit"], settings["AccountUsage"]
    executions, width = limit["ConcurrentExecutions"], int(parameters(deployed).get("MapWidth", 0))
    more = f"ask for more: `aws service-quotas request-service-quota-increase --service-code lambda --quota-code {CONCURRENCY_QUOTA} --desired-value 1000`"
    if width >= executions:
        report.bad("quotas", f"one video may take all {executions} executions of this account (MapWidth={width}): run `make deploy STAGE={stage.name}`, and {more}")
    elif executions < FEW_EXECUTIONS:
        report.note("quotas", f"this account runs {executions} functions at once, so videos wait for each other; {more}")
    else:
        report.ok("quotas", f"{executions} functions at once, of which a video takes {width} at most")
    full = usage["TotalCodeSize"] / limit["TotalCodeSize"]
    if full > 0.9:
        report.bad("quotas", f"{full:.0%} of the account's storage for code is taken: delete versions of functions and layers that nothing uses")
    largest = max((item["MemorySize"] for item in functions(stage).values()), default=0)
    over = f", more than a new account may have ({MEMORY_OF_NEW_ACCOUNTS}); this one may" if largest > MEMORY_OF_NEW_ACCOUNTS else ""
    report.ok("quotas", f"the largest function has {largest} MB{over}")


def layers(report, stage, deployed):
    root = parameters(deployed).get("ToolsRoot", "/opt")
    if root != "/opt":
        report.note("layers", f"the tools are in {root} and not in layers (ToolsRoot)")
        return
    body = stage.client("cloudformation").get_template(StackName=stage.stack, TemplateStage="Original")["TemplateBody"]
    template = yaml.load(body, Loader) if isinstance(body, str) else body
    values = parameters(deployed)
    unset = {name for name in template.get("Parameters", {}) if name.endswith("Layer") and not values.get(name)}
    there, missing = functions(stage), {}
    for name, resource in template["Resources"].items():
        named = [layer for layer in layers_named(resource.get("Properties", {}).get("Layers", [])) if vital(layer) or layer not in unset]
        if name in there and len(there[name].get("Layers", [])) < len(named):
            missing[name] = named
    again = f"run `make layers`, then `make deploy STAGE={stage.name}`"
    without_ffmpeg = [name for name, named in missing.items() if any(map(vital, named))]
    if without_ffmpeg:
        report.bad("layers", f"{', '.join(without_ffmpeg)} may lack ffmpeg, so no video completes: {again}")
    elif missing:
        report.bad("layers", f"not every layer is attached to {', '.join(missing)}: {again}")
    else:
        report.ok("layers", "all that the template names are attached")
    for layer in sorted(filter(lambda layer: not vital(layer), unset)):
        report.note("layers", f"{layer} is not set, so what it brings is not there; template.yaml says what that is")


def vital(layer):
    """Whether no video completes without it."""
    return "ffmpeg" in layer.lower()


def layers_named(declared):
    """The layers among a template's list, conditions left out."""
    return sorted(set(re.findall(r"\b(?!Has)[A-Z]\w*Layer\b", str(declared))))


def functions(stage):
    """Configurations of the stack's functions, by their names in the template."""
    pages = stage.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stage.stack)
    resources = [item for page in pages for item in page["StackResourceSummaries"]]
    names = {r["PhysicalResourceId"]: r["LogicalResourceId"] for r in resources if r["ResourceType"] == "AWS::Lambda::Function"}
    pages = stage.client("lambda").get_paginator("list_functions").paginate()
    listed = [item for page in pages for item in page["Functions"]]
    return {names[item["FunctionName"]]: item for item in listed if item["FunctionName"] in names}


def model_access(report, stage, deployed):
    missing, answered = models.asked(stage, parameters(deployed))
    for line in missing:
        report.bad("models", line)
    if answered:
        report.ok("models", f"{', '.join(answered)} answer")
    elif not missing:
        report.ok("models", "no provider is aws, so none of its models is needed")


def secrets(report, stage, deployed):
    values, manager = parameters(deployed), stage.client("secretsmanager")
    there = []
    for name, without in SECRETS.items():
        arn = values.get(name, "")
        if not arn:
            if without:
                report.note("secrets", f"{name} is not set: {without}")
            continue
        try:
            secret = manager.describe_secret(SecretId=arn)
        except manager.exceptions.ResourceNotFoundException:
            report.bad("secrets", f"{name} names a secret that is not there: make it, or set {name} to its ARN")
            continue
        if secret.get("DeletedDate"):
            report.bad("secrets", f"the secret of {name} is to be deleted: `aws secretsmanager restore-secret --secret-id {arn}`")
            continue
        # Its value is nobody's business here; that it has one is.
        if not any("AWSCURRENT" in stages for stages in secret.get("VersionIdsToStages", {}).values()):
            report.bad("secrets", f"the secret of {name} has no value: `aws secretsmanager put-secret-value --secret-id {arn} --secret-string …`")
            continue
        there.append(name)
    if there:
        report.ok("secrets", f"{', '.join(there)} have values")


def health(report, stage, deployed):
    """Looks whether the API answers; returns it."""
    urls, asked = outputs(deployed), os.environ.get("API_URL", "").rstrip("/")
    videos = asked or urls["VideosApiUrl"]
    jobs = f"{asked}/v1/api" if asked else urls["JobsApiUrl"]
    api = trial.Api(videos, jobs, os.environ.get("TOKEN"), os.environ.get("API_KEY"))
    status, answer = trial.call_public(f"{videos}/health")
    if status != 200:
        raise Stop(f"GET {videos}/health answers {status}: {trial.short(answer)}; look at the log of MetaHealth")
    report.ok("health", ", ".join(f"{name} {value}" for name, value in answer.items()))
    return api


def clip(report, stage, api):
    if not api.token and not api.key:
        raise Stop(
            f"not tried: say who uploads it, `TOKEN=… make doctor STAGE={stage.name}` with a session token, or API_KEY=fq_live_…; "
            "docs/deploying.md says how to get one"
        )
    report.ok("clip", trial.try_clip(api, lambda line: print(f"         {'':<12} {line}", flush=True)))


if __name__ == "__main__":
    run(main)
