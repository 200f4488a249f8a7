"""What PyTorch and transformers compute for given models and batches.

usage: reference.py REQUEST.json
The request names an output folder and, by model: its folder, batches to differentiate, and batches
to train on. Dropout is off throughout.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import AutoModelForMaskedLM
from transformers.trainer_pt_utils import get_parameter_names

# As transformers.Trainer.get_decay_parameter_names groups them.
NO_DECAY = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]


def tensors(batch):
    return {name: torch.tensor(values) for name, values in batch.items()}


def load(path):
    # Evaluation mode switches dropout off; gradients are computed all the same.
    return AutoModelForMaskedLM.from_pretrained(path, dtype=torch.float32).eval()


def optimizer_for(model, settings):
    decayed = set(get_parameter_names(model, [nn.LayerNorm], NO_DECAY))
    named = list(model.named_parameters())
    groups = [
        {
            "params": [parameter for name, parameter in named if name in decayed],
            "weight_decay": settings["weight_decay"],
        },
        {
            "params": [parameter for name, parameter in named if name not in decayed],
            "weight_decay": 0.0,
        },
    ]
    return torch.optim.AdamW(
        groups,
        lr=settings["learning_rate"],
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["epsilon"],
    )


def named_gradients(model):
    return {
        name: parameter.grad.clone().contiguous()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def differentiate(model, batches, prefix):
    losses = []
    scored = {}
    for index, batch in enumerate(batches):
        model.zero_grad()
        inputs = tensors(batch)
        result = model(**inputs)
        result.loss.backward()
        losses.append(result.loss.item())
        save_file(named_gradients(model), f"{prefix}-gradients-{index}.safetensors")
        at = inputs["labels"] != -100
        scored[str(index)] = result.logits.detach()[at].contiguous()
    save_file(scored, f"{prefix}-logits.safetensors")
    return losses


def train(model, batches, settings):
    optimizer = optimizer_for(model, settings)
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        loss = model(**tensors(batch)).loss
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings["max_grad_norm"])
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        losses.append(model(**tensors(batches[0])).loss.item())
    return losses


def inject(model, settings, steps, prefix):
    """AdamW alone: gradients of many magnitudes, some of them zero, and the weights they lead to."""
    optimizer = optimizer_for(model, settings)
    generator = torch.Generator().manual_seed(5)
    for step in range(steps):
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            magnitude = 10 ** (-8 * torch.rand(parameter.shape, generator=generator))
            kept = torch.rand(parameter.shape, generator=generator) > 0.1
            parameter.grad = noise * magnitude * kept
        save_file(named_gradients(model), f"{prefix}-injected-{step}.safetensors")
        if settings["max_grad_norm"] is not None:
            nn.utils.clip_grad_norm_(model.parameters(), settings["max_grad_norm"])
        optimizer.step()
    weights = {name: value.detach().clone() for name, value in model.named_parameters()}
    save_file(weights, f"{prefix}-updated.safetensors")


request = json.loads(pathlib.Path(sys.argv[1]).read_text())
results = {}
for name, model in request["models"].items():
    prefix = str(pathlib.Path(request["output"]) / name)
    inject(load(model["path"]), request["injection"], request["injection_steps"], prefix)
    results[name] = {
        "losses": differentiate(load(model["path"]), model["batches"], prefix),
        "training": train(load(model["path"]), model["training"], request["update"]),
    }
(pathlib.Path(request["output"]) / "results.json").write_text(json.dumps(results))
