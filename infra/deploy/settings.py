"""The parameters that a stage is deployed with: who may say them, who wins, and what is wrong with them before AWS is
asked.
"""

import difflib
import os

import yaml

from stage import Stop

# What make and the scripts understand, and template.yaml does not.
OF_MAKE = {"STAGE", "ARCH", "CANARIES", "CONFIRM", "API_URL", "TOKEN", "API_KEY", "PACKAGES"}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's YAML; of its short functions it keeps the argument."""


def _short_function(loader, _suffix, node):
    kinds = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence}
    return kinds.get(type(node), loader.construct_mapping)(node)


Loader.add_multi_constructor("!", _short_function)


def declared(template):
    """The parameters that a template declares, by name."""
    return yaml.load(template.read_text(), Loader)["Parameters"]


def given(known):
    """What the command line of make says, as `CLERK_ISSUER=…` or `ClerkIssuer=…`."""
    spelled = {name.lower(): name for name in known}
    values = {}
    for name in os.environ.get("GIVEN", "").split():
        if name in OF_MAKE:
            continue
        key = spelled.get(name.replace("_", "").lower())
        if key is None:
            raise Stop(f"{name} is no setting{_nearest(name.replace('_', '').lower(), spelled)}; template.yaml lists them under Parameters")
        values[key] = os.environ.get(name, "")
    return values


def choices(deployed_values, deployed_defaults, derived):
    """What the stack was told at an earlier deployment: values that were not the template's own, nor derived from the
    account.
    """
    return {
        name: value
        for name, value in deployed_values.items()
        if value != deployed_defaults.get(name) and name not in derived
    }


def merged(known, layers):
    """One value for each parameter that is not left to the template; the last of `layers`, which are (who, values), wins."""
    values = {}
    for who, layer in layers:
        for name, value in layer.items():
            if name not in known:
                if who != "the stack":
                    raise Stop(f"{who}: {name} is no parameter of template.yaml{_nearest(name.lower(), {k.lower(): k for k in known})}")
                # The template has it no more.
                continue
            values[name] = value
    return values


def check(known, values, stage):
    """Stops at what CloudFormation, or the first video, would stop at."""
    for name, parameter in known.items():
        value = values.get(name, parameter.get("Default"))
        if value is None or (value == "" and "Default" not in parameter):
            variable = _variable(name)
            raise Stop(
                f"{name} is not set ({parameter.get('Description', 'no description')}): say it once, "
                f"`make deploy STAGE={stage} {variable}=…`, or write it into samconfig.toml"
            )
        allowed = [str(item) for item in parameter.get("AllowedValues", [])]
        if allowed and str(value) not in allowed:
            raise Stop(f"{name} is {value!r}: take one of {', '.join(allowed)}")
    for trait, model in [("Describe", "Vision"), ("Transcribe", "Transcribe"), ("Embed", "Embed"), ("Answer", "Chat")]:
        if values.get(f"{trait}Provider") == "openai" and not values.get(f"OpenAi{model}Model"):
            raise Stop(f"{trait}Provider is openai and OpenAi{model}Model is not set: name the server's model")


def _nearest(name, spelled):
    near = difflib.get_close_matches(name, spelled, 1)
    return f" (did you mean {spelled[near[0]]}?)" if near else ""


def _variable(name):
    """ClerkIssuer → CLERK_ISSUER."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name).lstrip("_")
