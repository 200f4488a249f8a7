"""transformers' loss on masked examples, one JSON object a line, as `palimpsest score` reads them.

usage: score_lines.py MODEL_FOLDER MASKED.jsonl OUTPUT.json
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForMaskedLM

model = AutoModelForMaskedLM.from_pretrained(sys.argv[1]).eval()
lines = []
for text in pathlib.Path(sys.argv[2]).read_text().splitlines():
    example = {name: torch.tensor([values]) for name, values in json.loads(text).items()}
    labels = example.pop("labels")
    with torch.no_grad():
        logits = model(**example).logits
    loss = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1).double(), labels.flatten(), ignore_index=-100, reduction="sum"
    )
    lines.append({"sum": loss.item(), "count": int((labels != -100).sum())})
total = sum(line["sum"] for line in lines) / sum(line["count"] for line in lines)
pathlib.Path(sys.argv[3]).write_text(json.dumps({"meanNll": total, "lines": lines}))
