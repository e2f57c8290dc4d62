"""Whether what `make package` and `make layers` made is there, whole and for the right processor."""

import os
import pathlib
import re

from stage import ROOT, Stop

# Where an ELF file says for which processor it is, and what it says there.
_MACHINE = slice(18, 20)
_MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}
# Paths that the template names relative to itself.
_PATH = re.compile(r"^\s*(CodeUri|ContentUri|DefinitionUri|Location):\s*[\"']?([\w./-]+)[\"']?\s*(?:#.*)?$", re.MULTILINE)


def choose(asked, deployed_architecture):
    """The architecture to deploy: the one that is asked for, else the stack's, else the one that was packaged."""
    if asked:
        if asked not in _MACHINES:
            raise Stop(f"ARCH is {asked!r}: take one of {', '.join(_MACHINES)}")
        return asked
    packaged = [name for name in ("arm64", "x86_64") if _folder(name).joinpath("template.yaml").is_file()]
    if deployed_architecture in packaged:
        return deployed_architecture
    return packaged[0] if packaged else deployed_architecture or "arm64"


def check(architecture):
    """Stops at what is missing. Returns the package's template."""
    folder = _folder(architecture)
    template = folder / "template.yaml"
    if not template.is_file():
        raise Stop(f"there is no package for {architecture}: run `make package ARCH={architecture}`")
    ffmpeg = folder / "target/layers/ffmpeg/bin/ffmpeg"
    if not ffmpeg.is_file():
        raise Stop(f"{_shown(ffmpeg)} is missing, and deploying without ffmpeg is refused: run `make layers ARCH={architecture}`")
    _check_machine(ffmpeg, architecture, "layers")
    for kind, path in _PATH.findall(template.read_text()):
        named = folder / path
        wanted = named / "bootstrap" if path.startswith("target/lambda/") else named
        if not wanted.exists() or (named.is_dir() and not any(named.iterdir())):
            target = "layers" if kind == "ContentUri" else "package"
            raise Stop(f"{_shown(wanted)} is missing: run `make {target} ARCH={architecture}`")
        if wanted.name == "bootstrap":
            _check_machine(wanted, architecture, "package")
    return template


def _folder(architecture):
    # Elsewhere only for tests, which package what is broken.
    return pathlib.Path(os.environ.get("PACKAGES") or ROOT / "target/package") / architecture


def _shown(path):
    return os.path.relpath(path, ROOT)


def _check_machine(program, architecture, target):
    with program.open("rb") as file:
        head = file.read(20)
    # Scripts run anywhere.
    if head[:4] == b"\x7fELF" and int.from_bytes(head[_MACHINE], "little") != _MACHINES[architecture]:
        raise Stop(f"{_shown(program)} is not for {architecture}: run `make {target} ARCH={architecture}`")
