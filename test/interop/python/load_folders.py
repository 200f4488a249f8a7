"""How transformers loads model folders: what is missing, what is unexpected, and the logits.

usage: load_folders.py REQUEST.json
"""

import importlib
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForMaskedLM

request = json.loads(pathlib.Path(sys.argv[1]).read_text())
batch = {name: torch.tensor(values) for name, values in request["batch"].items()}
report = {}
logits = {}
for name, entry in request["folders"].items():
    if "class" in entry:
        loader = getattr(importlib.import_module("transformers"), entry["class"])
    else:
        loader = AutoModelForMaskedLM
    model, info = loader.from_pretrained(
        entry["path"], output_loading_info=True, dtype=torch.float32
    )
    report[name] = {
        "class": type(model).__name__,
        "missing": sorted(info["missing_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
        "mismatched": [str(key) for key in info["mismatched_keys"]],
    }
    if loader is AutoModelForMaskedLM:
        with torch.no_grad():
            result = model.eval()(**batch)
        logits[name] = result.logits[batch["labels"] != -100].contiguous()
output = pathlib.Path(request["output"])
save_file(logits, output / "folder-logits.safetensors")
(output / "folders.json").write_text(json.dumps({"version": transformers.__version__, "folders": report}))
