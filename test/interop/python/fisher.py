"""The empirical diagonal of the Fisher information by PyTorch, one element of the sample at a time.

usage: fisher.py REQUEST.json

The request names an output folder and estimates: for each a model folder and elements, every element
being the micro-batches of one sequence or of one batch. Writes NAME.safetensors,
F_i = (1/N) Σ_n (∂ℓ_n/∂θ_i)², ℓ_n being the mean masked-token loss of element n, dropout off.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import AutoModelForMaskedLM


def sequences(element):
    """Each row of the micro-batches as a batch of its own, without its padding."""
    for batch in element:
        rows = {name: torch.tensor(values) for name, values in batch.items()}
        for row in range(len(rows["input_ids"])):
            tokens = rows["attention_mask"][row] == 1
            yield {name: values[row][tokens].unsqueeze(0) for name, values in rows.items()}


def gradient(model, element):
    """∇ℓ of one element, Σ loss and number of scored positions being those of all its sequences."""
    total, count = 0.0, 0
    for inputs in sequences(element):
        labels = inputs.pop("labels")
        logits = model(**inputs).logits
        total = total + F.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum"
        )
        count += int((labels != -100).sum())
    model.zero_grad()
    (total / count).backward()
    return {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


# So little work at a time is done sooner by one thread, above all where others compute too.
torch.set_num_threads(1)
request = json.loads(pathlib.Path(sys.argv[1]).read_text())
for name, estimate in request["estimates"].items():
    model = AutoModelForMaskedLM.from_pretrained(estimate["path"], dtype=torch.float32).eval()
    sums = {}
    for element in estimate["elements"]:
        for parameter, values in gradient(model, element).items():
            sums[parameter] = sums.get(parameter, 0.0) + values.double().square()
    diagonal = {
        parameter: (values / len(estimate["elements"])).float().contiguous()
        for parameter, values in sums.items()
    }
    save_file(diagonal, pathlib.Path(request["output"]) / f"{name}.safetensors")
