"""What deploying, examining and removing a stage have in common: which stage, which account, and one line when something
is missing.
"""

import os
import pathlib
import sys
import tomllib

import boto3
import botocore.exceptions as refusals

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMCONFIG = ROOT / "samconfig.toml"

NO_CREDENTIALS = (
    "no AWS credentials: {}; sign in with `aws sso login` or `aws configure`, or set AWS_PROFILE, "
    "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
# Codes of those who were once let in, and of those who never were.
REJECTED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "AuthFailure",
}


class Stop(Exception):
    """Why nothing more is done, in one line that says what to do."""


def run(main):
    """Runs a command; whatever stops it is one line on standard error, and never a traceback."""
    try:
        sys.exit(main())
    except Stop as stop:
        sys.exit(f"error: {stop}")
    except refusals.ClientError as refusal:
        sys.exit(f"error: {of_client(refusal)}")
    except refusals.BotoCoreError as failure:
        sys.exit(f"error: AWS cannot be asked: {one_line(failure)}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted; what AWS has begun goes on")


def one_line(text):
    """A message without its line breaks."""
    return " ".join(str(text).split())


def of_client(refusal):
    """What to do about a call that AWS refused."""
    code, message = refusal.response["Error"].get("Code", ""), one_line(refusal.response["Error"].get("Message", ""))
    if code in REJECTED:
        return NO_CREDENTIALS.format(f"those at hand are refused ({code})")
    if "AccessDenied" in code or "UnauthorizedOperation" in code:
        return f"these credentials may not {refusal.operation_name}: {message}; use a role that may, see docs/deploying.md"
    return f"{refusal.operation_name} was refused ({code}): {message}"


class Stage:
    """A stage of samconfig.toml, and the account that the credentials at hand open."""

    def __init__(self, name):
        config = tomllib.loads(SAMCONFIG.read_text())
        stages = [key for key, value in config.items() if isinstance(value, dict)]
        if not name:
            raise Stop(f"say which stage: STAGE={'|'.join(stages)}")
        if name not in stages:
            raise Stop(f"samconfig.toml has no stage `{name}`: take one of {', '.join(stages)}, or add [{name}.deploy.parameters]")
        self.name = name
        parameters = config[name]["deploy"]["parameters"]
        self.stack = parameters["stack_name"]
        self.written = {key: str(value) for key, value in parameters.get("parameter_overrides", {}).items()}
        self.session = None
        self.account = None

    def open(self):
        """Looks whether the credentials open an account. Returns who they are."""
        try:
            # The variable that AWS's other tools read; boto3 reads AWS_DEFAULT_REGION alone.
            self.session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
            if self.session.get_credentials() is None:
                raise Stop(NO_CREDENTIALS.format("none were found"))
            if not self.session.region_name:
                raise Stop("no AWS region: set AWS_REGION, for example AWS_REGION=us-east-1, or `region` in your AWS profile")
            caller = self.session.client("sts").get_caller_identity()
        except refusals.EndpointConnectionError as failure:
            raise Stop(f"AWS does not answer: {one_line(failure)}; look at the network and at AWS_REGION") from failure
        except refusals.ClientError as refusal:
            raise Stop(of_client(refusal)) from refusal
        except refusals.BotoCoreError as failure:
            # A profile that is not there, a sign-on that has ended, half a key.
            raise Stop(NO_CREDENTIALS.format(one_line(failure).rstrip("."))) from failure
        self.account = caller["Account"]
        return caller["Arn"]

    def client(self, service):
        """A client of one of AWS's services."""
        return self.session.client(service)

    def deployed(self):
        """The stack as CloudFormation describes it, or None."""
        try:
            stacks = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        except refusals.ClientError as refusal:
            if "does not exist" in str(refusal):
                return None
            raise
        return stacks[0] if stacks[0]["StackStatus"] != "DELETE_COMPLETE" else None

    def first_failure(self):
        """What failed first in the stack's last operation, as `resource: reason`, or None."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=self.stack)
        first = None
        for event in (event for page in pages for event in page["StackEvents"]):
            began = event["ResourceType"] == "AWS::CloudFormation::Stack" and event.get("PhysicalResourceId") == event["StackId"]
            if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in event.get("ResourceStatusReason", ""):
                first = f"{event['LogicalResourceId']}: {one_line(event.get('ResourceStatusReason', 'no reason is given'))}"
            if began and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
                break
        return first


def outputs(deployed):
    """A stack's outputs by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in deployed.get("Outputs", [])}


def parameters(deployed):
    """A stack's parameters by name."""
    return {item["ParameterKey"]: item.get("ParameterValue", "") for item in deployed.get("Parameters", [])}


def stage_of_environment():
    """The stage that make was told."""
    return Stage(os.environ.get("STAGE", ""))
