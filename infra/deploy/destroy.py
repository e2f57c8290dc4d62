"""`make destroy STAGE=dev`: removes a stage's stack, asks nothing, and says what stays and how that is removed."""

import os
import shlex

from botocore.exceptions import WaiterError

from stage import Stop, one_line, run, stage_of_environment

# Stages whose stack goes only when its name is said, too.
GUARDED = {"prod"}
# How what stays is removed for good, by its type. Data that people made, so nothing here does it.
REMOVE = {
    "AWS::DynamoDB::Table": "aws dynamodb delete-table --table-name {}",
    "AWS::S3::Bucket": "aws s3api delete-bucket --bucket {}   # once it is empty, old versions included",
    "AWS::SecretsManager::Secret": "aws secretsmanager delete-secret --secret-id {}",
    "AWS::S3Vectors::VectorBucket": "aws s3vectors delete-vector-bucket --vector-bucket-arn {}   # once its indexes are gone",
    "AWS::Logs::LogGroup": "aws logs delete-log-group --log-group-name {}",
}


def main():
    stage = stage_of_environment()
    if stage.name in GUARDED and os.environ.get("CONFIRM") != stage.stack:
        raise Stop(f"{stage.stack} is not removed by mistake: say `make destroy STAGE={stage.name} CONFIRM={stage.stack}`")
    stage.open()
    deployed = stage.deployed()
    if deployed is None:
        raise Stop(f"there is no stack {stage.stack} in account {stage.account}, {stage.session.region_name}: nothing to remove")
    if deployed["StackStatus"].endswith("_IN_PROGRESS") and deployed["StackStatus"] != "REVIEW_IN_PROGRESS":
        raise Stop(f"{stage.stack} is {deployed['StackStatus']}: wait until CloudFormation is done, then say it again")
    if deployed.get("EnableTerminationProtection"):
        raise Stop(
            f"{stage.stack} is protected: `aws cloudformation update-termination-protection "
            f"--no-enable-termination-protection --stack-name {stage.stack}` first"
        )

    # By its id, by which it can still be asked for when it is gone.
    stack_id = deployed["StackId"]
    cloudformation = stage.client("cloudformation")
    print(f"  removing {stage.stack} from account {stage.account}, {stage.session.region_name}", flush=True)
    cloudformation.delete_stack(StackName=stack_id)
    after = wait_until_gone(cloudformation, stack_id)
    if after["StackStatus"] != "DELETE_COMPLETE":
        raise Stop(
            f"{stage.stack} is {after['StackStatus']} ({one_line(after.get('StackStatusReason', 'no reason is given'))}): "
            "remove what is named there by hand, then say it again"
        )
    kept = skipped(cloudformation, stack_id) + log_groups(stage)
    print(f"  {stage.stack} is gone.")
    if kept:
        print("  What stays, and what removes it for good:\n")
        for kind, name in kept:
            print(f"  {REMOVE.get(kind, kind + ' {}').format(shlex.quote(name))}")
        print("\n  A new deployment of this stage makes its own table and bucket and begins empty.")


def wait_until_gone(cloudformation, stack_id):
    """The stack once its deletion has come to an end, whichever it is."""
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_id, WaiterConfig={"Delay": 5, "MaxAttempts": 720})
    except WaiterError:
        # The stack's own state tells more.
        pass
    return cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]


def skipped(cloudformation, stack_id):
    """What the template says is to be kept, as (type, name)."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    events = [event for page in pages for event in page["StackEvents"]]
    kept = [event for event in events if event["ResourceStatus"] == "DELETE_SKIPPED"]
    # Also of resources that an earlier update replaced and kept.
    return sorted({(event["ResourceType"], event["PhysicalResourceId"]) for event in kept})


def log_groups(stage):
    """The log groups that Lambda made for the stack's functions."""
    prefix = f"/aws/lambda/{stage.stack}-"
    pages = stage.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    return [("AWS::Logs::LogGroup", group["logGroupName"]) for page in pages for group in page["logGroups"]]


if __name__ == "__main__":
    run(main)
