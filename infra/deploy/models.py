"""Whether the services of the provider `aws` let this account in. Each is asked the smallest thing that it answers."""

import json

import botocore.exceptions as refusals

from stage import of_client, one_line


def asked(stage, values):
    """What is missing, one line each, and what answered."""
    region = values.get("BedrockRegion") or stage.session.region_name
    bedrock = stage.session.client("bedrock-runtime", region_name=region)
    tries = []
    for trait, parameter in [("Describe", "BedrockVisionModel"), ("Answer", "BedrockChatModel")]:
        if values.get(f"{trait}Provider") == "aws":
            tries.append((values[parameter], lambda model=values[parameter]: converse(bedrock, model)))
    if values.get("EmbedProvider") == "aws":
        tries.append((values["BedrockEmbedModel"], lambda: embed(bedrock, values["BedrockEmbedModel"])))
    if values.get("TranscribeProvider") == "aws":
        tries.append(("Amazon Transcribe", lambda: stage.client("transcribe").list_transcription_jobs(MaxResults=1)))

    missing, answered = [], []
    for name, attempt in dict(tries).items():
        try:
            attempt()
            answered.append(name)
        except refusals.ClientError as refusal:
            missing.append(f"{name} in {region}: {of_client(refusal)}; open Bedrock's model catalogue in {region}, or choose another model or BedrockRegion")
        except refusals.BotoCoreError as failure:
            missing.append(f"{name} in {region}: {one_line(failure)}; is it offered in {region}? Set BedrockRegion")
    return missing, answered


def converse(bedrock, model):
    message = {"role": "user", "content": [{"text": "Say yes."}]}
    bedrock.converse(modelId=model, messages=[message], inferenceConfig={"maxTokens": 5})


def embed(bedrock, model):
    bedrock.invoke_model(modelId=model, body=json.dumps({"inputText": "yes"}))
