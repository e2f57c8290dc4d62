"""What CloudFormation makes of a SAM template: reads one from a file, or from `-`, and prints the result as JSON. Values of
parameters are `Name=Value`."""

import json
import logging
import sys

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

logging.disable(logging.WARNING)

LOCAL_PATHS = {"CodeUri", "ContentUri", "DefinitionUri"}


def main():
    source, *values = sys.argv[1:]
    with open(source if source != "-" else 0) as file:
        template = yaml_parse(file)
    # What `sam package` does to them.
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in LOCAL_PATHS & properties.keys():
            properties[name] = f"s3://artifacts/{properties[name]}"
    session = boto3.Session(region_name="eu-west-1")
    translator = Translator({}, Parser(), boto_session=session)
    parameters = dict(value.split("=", 1) for value in values)
    json.dump(translator.translate(template, parameters), sys.stdout)


main()
