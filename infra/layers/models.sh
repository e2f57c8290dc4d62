#!/usr/bin/env bash
# models/ and speech/: the models that shared/models names for each of these layers, as they are fetched for the local stack.
cd "$(dirname "$0")/../.."
# shellcheck source=infra/layers/common.sh
. infra/layers/common.sh

"$venv/bin/python" -B infra/models/fetch.py .local/models || exit 1
stamp=$(stamp "$here/models.sh" shared/models/models.json)
for layer in models speech; do
    mapfile -t names < <("$venv/bin/python" -c '
import json, sys
for model in json.load(open("shared/models/models.json"))["models"]:
    if model["layer"] == sys.argv[1]:
        print(model["name"])' "$layer")
    is_current "$layer" "$stamp" && continue
    echo "  copying ${names[*]} for $ARCH"
    begin "$layer"
    made=$work/made
    rm -rf "$made"
    mkdir -p "$made/models" "$made/licenses"
    for name in "${names[@]}"; do
        cp -r ".local/models/$name" "$made/models/"
        # What each model says of its licence, or what is said of it here.
        if [ -f "shared/models/licenses/$name.txt" ]; then
            cp "shared/models/licenses/$name.txt" "$made/licenses/"
        else
            find "$made/models/$name" \( -name LICENSE -o -name README.md \) -exec cp {} "$made/licenses/$name.txt" \;
        fi
        [ -s "$made/licenses/$name.txt" ] || fail "there is no licence of $name: put it into shared/models/licenses/$name.txt"
    done
    finish "$made"
done
