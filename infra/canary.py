#!/usr/bin/env python3
"""Reads a template and writes the same with canaries: new code of a function behind a URL first takes a part of its
requests, and is taken back when it fails.

    infra/canary.py template.yaml > canary.yaml          # or of what `sam package` wrote

SAM cannot switch this by a parameter: `AutoPublishAlias` must be there or not. In the plain template it is not, because
an alias shows a published version, and SAM publishes one when the code changes, not when a parameter does: a changed
parameter would not reach the API. Here every deployment with a new `Release` publishes one of each function.
docs/canaries.md says how to use it and how to prove it.
"""

import sys

import yaml
from samtranslator.yaml_helper import yaml_parse

ALIAS = "live"
KINDS = ["Canary10Percent5Minutes", "Canary10Percent15Minutes", "Linear10PercentEvery1Minute", "AllAtOnce"]

PARAMETERS = {
    "CanaryKind": {
        "Type": "String",
        "Default": KINDS[0],
        "AllowedValues": KINDS,
        "Description": "How requests move to new code. AllAtOnce is for the day when the old code is the broken one.",
    },
    "Release": {
        "Type": "String",
        # SAM makes it a part of logical ids, and takes ten characters.
        "AllowedPattern": "[A-Za-z0-9]{1,10}",
        "Description": "What no deployment before was called, such as the seconds of `date +%s`. A new one publishes every function.",
    },
}


def has_url(resource):
    events = resource.get("Properties", {}).get("Events", {})
    is_function = resource["Type"] == "AWS::Serverless::Function"
    return is_function and any(event["Type"] == "Api" for event in events.values())


def error_alarm(name):
    """Whether the new code of a function ends in an error: it crashes, panics, or runs out of time or memory."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"New code of {name} fails. Its deployment is rolled back.",
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [
                {"Name": "FunctionName", "Value": {"Ref": name}},
                {"Name": "Resource", "Value": {"Fn::Sub": f"${{{name}}}:{ALIAS}"}},
                {"Name": "ExecutedVersion", "Value": {"Fn::GetAtt": [f"{name}.Version", "Version"]}},
            ],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    }


def api_alarm(api, properties):
    """Whether an API answers 5xx, which a function can do without an error: one of fifty in two minutes of three."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"{api} answers 5xx. Deployments under way are rolled back.",
            "Namespace": "AWS/ApiGateway",
            "MetricName": "5XXError",
            "Dimensions": [
                {"Name": "ApiName", "Value": properties["Name"]},
                {"Name": "Stage", "Value": properties["StageName"]},
            ],
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "Threshold": 0.02,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    }


def with_canaries(template):
    template["Parameters"].update(PARAMETERS)
    resources = template["Resources"]
    alarms = {}
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Serverless::Api":
            alarms[f"{name}CanaryAlarm"] = api_alarm(name, resource["Properties"])
    for name, resource in resources.items():
        if not has_url(resource):
            continue
        api = {event["Properties"]["RestApiId"]["Ref"] for event in resource["Properties"]["Events"].values()}
        alarms[f"{name}CanaryAlarm"] = error_alarm(name)
        resource["Properties"].update(
            AutoPublishAlias=ALIAS,
            AutoPublishCodeSha256={"Ref": "Release"},
            # Whoever wants old code back deploys it again; a version kept for each deployment fills the account's quota.
            VersionDeletionPolicy="Delete",
            DeploymentPreference={
                "Type": {"Ref": "CanaryKind"},
                "Alarms": [{"Ref": f"{alarm}CanaryAlarm"} for alarm in [name, *sorted(api)]],
            },
        )
    resources.update(alarms)
    return template


def main():
    with open(sys.argv[1]) as file:
        template = with_canaries(yaml_parse(file))
    yaml.safe_dump(template, sys.stdout, sort_keys=False, width=120)


if __name__ == "__main__":
    main()
