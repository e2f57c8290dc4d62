"""`make deploy STAGE=…`: looks first, asks nothing, and says what came of it."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from botocore.exceptions import WaiterError

import capacity
import package
import settings
from stage import ROOT, SAMCONFIG, Stop, outputs, parameters, run, stage_of_environment

# A stack that never came up holds nothing and can only be deleted.
NEVER_UP = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


# The functions that StepConcurrency is reserved for, each: extract and describe.
RESERVING = 2


def account_parameters(stage, before):
    """The parameters that follow from the account's quotas, less what others reserved; `before` is what the stack was
    deployed with. Operators overrule them in samconfig.toml or on the command line.
    """
    limit = stage.client("lambda").get_account_settings()["AccountLimit"]
    # Another stage's reservation is not for this one, and Lambda refuses one that leaves less than 100 to everybody.
    own = RESERVING * int(before.get("StepConcurrency", 0))
    free = min(limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"] + own)
    values = {name: str(value) for name, value in capacity.parameters(free).items()}
    say(f"{free} of the account's {limit['ConcurrentExecutions']} executions are for this stage: " + ", ".join(f"{name}={value}" for name, value in values.items()))
    return values


def main():
    stage = stage_of_environment()
    stage.open()
    deployed = stage.deployed()
    status = deployed["StackStatus"] if deployed else None
    if status and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise Stop(f"{stage.stack} is {status}: wait until CloudFormation is done, then deploy again")
    if status == "UPDATE_ROLLBACK_FAILED":
        raise Stop(f"{stage.stack} is {status}: run `aws cloudformation continue-update-rollback --stack-name {stage.stack}` first")
    if status == "DELETE_FAILED":
        raise Stop(f"{stage.stack} is {status}: run `make destroy STAGE={stage.name}` again first, which names what is in the way")

    before = parameters(deployed) if deployed and status not in NEVER_UP else {}
    architecture = package.choose(os.environ.get("ARCH", ""), before.get("Architecture"))
    template = package.check(architecture)
    release = {}
    if wants_canaries(before):
        template = with_canaries(template)
        # What no deployment before was called: with an old name nothing new would reach the API.
        release = {"Release": str(int(time.time()))}
    known = settings.declared(template)
    derived = {name: value for name, value in account_parameters(stage, before).items() if name in known}
    values = settings.merged(
        known,
        [
            ("the account", derived),
            ("the stack", settings.choices(before, deployed_defaults(stage) if before else {}, {*derived, "Architecture"})),
            ("samconfig.toml", stage.written),
            ("the command line", settings.given(known)),
            ("ARCH", {"Architecture": architecture} if "Architecture" in known else {}),
            ("the clock", release),
        ],
    )
    settings.check(known, values, stage.name)

    if status in NEVER_UP:
        say(f"{stage.stack} never came up ({status}): deleting what is left of it")
        cloudformation = stage.client("cloudformation")
        cloudformation.delete_stack(StackName=deployed["StackId"])
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=deployed["StackId"])
        except WaiterError as failure:
            raise Stop(f"{stage.stack} cannot be deleted: run `make destroy STAGE={stage.name}`, which names what is in the way") from failure
    gradually = ", with canaries" if release else ""
    say(f"deploying {stage.stack} ({architecture}{gradually}) to account {stage.account}, {stage.session.region_name}")
    if sam_deploy(stage, template, values) != 0:
        now = stage.deployed()
        rolled_back = now and now["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        means = "; what was deployed before is in place and serves" if rolled_back else ""
        raise Stop(
            f"{stage.stack} is {now['StackStatus'] if now else 'not there'}{means}. "
            f"First failure: {(now and stage.first_failure()) or 'see above'}. Correct it and deploy again"
        )
    done = outputs(stage.deployed())
    say(f"{stage.stack} is deployed\n")
    for name, value in done.items():
        print(f"  {name:<16} {value}")
    print(f"\n  Next: make doctor STAGE={stage.name}")


def wants_canaries(before):
    """Whether requests move to new code step by step: as is asked for, else as the stack has it."""
    asked = os.environ.get("CANARIES", "")
    if asked not in ("", "on", "off"):
        raise Stop(f"CANARIES is {asked!r}: take on or off")
    return asked == "on" or (not asked and "Release" in before)


def with_canaries(template):
    """A package's template with canaries, beside it: the paths in it hold there, too."""
    made = subprocess.run([sys.executable, "-B", ROOT / "infra/canary.py", template], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        why = (made.stderr.strip().splitlines() or ["no reason is given"])[-1]
        raise Stop(f"infra/canary.py makes nothing of {template} ({why}): run `make package`, or deploy with CANARIES=off meanwhile")
    written = template.with_name("canary.yaml")
    written.write_text(made.stdout)
    return written


def deployed_defaults(stage):
    """The defaults of the template that is deployed: a value that is still one of them was nobody's choice."""
    summary = stage.client("cloudformation").get_template_summary(StackName=stage.stack)
    return {item["ParameterKey"]: item.get("DefaultValue") for item in summary["Parameters"]}


def sam_deploy(stage, template, values):
    """Runs SAM with nobody at its keyboard. Returns its exit code."""
    sam = pathlib.Path(sys.executable).with_name("sam")
    with tempfile.TemporaryDirectory() as folder:
        # In a file, since values may have spaces, quotes and semicolons; JSON is YAML as well.
        overrides = pathlib.Path(folder, "parameters.yaml")
        overrides.write_text(json.dumps(values))
        command = [sam, "deploy", "--config-file", SAMCONFIG, "--config-env", stage.name, "--template-file", template]
        command += ["--region", stage.session.region_name, "--parameter-overrides", f"file://{overrides}"]
        environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
        return subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


def say(line):
    """One line of progress, in order with what SAM prints."""
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    run(main)
