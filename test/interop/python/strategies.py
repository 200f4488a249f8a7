"""The strategies against forgetting, written out from their equations in PyTorch over transformers.

usage: strategies.py REQUEST.json

The request names an output folder, the settings of a run and, by model: its folder, objectives and
trainings (parts of a strategy with their settings), micro-batches of both domains, and those of each
training step. Everything is float32, dropout is off, and every gradient is autograd's.

For each model it writes MODEL-theta.safetensors (the weights θ at which everything is computed; the
folder's own are the anchor θ*), MODEL-importance.safetensors, the total gradients
MODEL-OBJECTIVE-gradient.safetensors and the weights MODEL-TRAINING-trained.safetensors.
"""

import json
import pathlib
import re
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from transformers import AutoModelForMaskedLM


def load(path):
    # Evaluation mode switches dropout off; gradients are computed all the same.
    return AutoModelForMaskedLM.from_pretrained(path, dtype=torch.float32).eval()


def tensors(batches):
    return [{key: torch.tensor(rows) for key, rows in batch.items()} for batch in batches]


def scored(model, batch):
    """Logits (scored, vocabulary) and true tokens (scored) at the positions with a label."""
    at = batch["labels"] != -100
    inputs = {key: rows for key, rows in batch.items() if key != "labels"}
    return model(**inputs).logits[at], batch["labels"][at]


def mlm_loss(model, batches):
    """ℓ = Σ −log p(true token) / Σ scored, over all micro-batches."""
    total, count = 0.0, 0
    for batch in batches:
        logits, labels = scored(model, batch)
        total = total + F.cross_entropy(logits, labels, reduction="sum")
        count += len(labels)
    return total / count


def divergence(model, base, batches, temperature):
    """T² KL(p_θ* ‖ p_θ), both softened by T, mean over the scored positions of all micro-batches."""
    total, count = 0.0, 0
    for batch in batches:
        with torch.no_grad():
            expected = torch.softmax(scored(base, batch)[0] / temperature, dim=-1)
        logits, labels = scored(model, batch)
        predicted = torch.log_softmax(logits / temperature, dim=-1)
        total = total + (torch.xlogy(expected, expected) - expected * predicted).sum()
        count += len(labels)
    return temperature**2 * total / count


class Problem:
    """The model at θ, its base at θ*, and importances for the quadratic penalty."""

    def __init__(self, path, target):
        self.base, self.model = load(path), load(path)
        self.layers = self.model.config.num_hidden_layers
        self.parameters = self.reached(target)
        self.anchor = {
            name: parameter.detach()
            for name, parameter in self.base.named_parameters()
            if name in self.parameters
        }
        self.layer_norms = {
            f"{module_name}.{name}"
            for module_name, module in self.model.named_modules()
            if isinstance(module, nn.LayerNorm)
            for name, _ in module.named_parameters()
        }
        generator = torch.Generator().manual_seed(17)
        noise = lambda tensor: torch.randn(tensor.shape, generator=generator)
        self.importance = {
            name: 1e-4 * torch.exp(1.5 * noise(anchor)) for name, anchor in self.anchor.items()
        }
        self.theta = {
            name: anchor + 0.05 * (anchor.square().mean().sqrt() + 0.1) * noise(anchor)
            for name, anchor in self.anchor.items()
        }
        self.reset()

    def reached(self, batches):
        """The parameters that the loss depends on: an untied model carries a bias that it does not."""
        mlm_loss(self.model, batches).backward()
        return {
            name: parameter
            for name, parameter in self.model.named_parameters()
            if parameter.grad is not None
        }

    def reset(self):
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(self.theta[name])

    def depth(self, name):
        """0 for the embeddings, 1 … L for the layers, L + 1 for the head."""
        layer = re.search(r"\.layer\.(\d+)\.", name)
        if layer:
            return int(layer.group(1)) + 1
        return 0 if ".embeddings." in name else self.layers + 1

    def gradient(self, loss):
        gradients = torch.autograd.grad(loss, list(self.parameters.values()), allow_unused=True)
        return {
            name: torch.zeros_like(parameter) if gradient is None else gradient
            for (name, parameter), gradient in zip(self.parameters.items(), gradients)
        }

    def penalty(self, part, weighted):
        """(λ/2) Σ F_i (θ_i − θ*_i)², F_i = 1 unless weighted by the importances."""
        total = 0.0
        for name, parameter in self.parameters.items():
            if not part["layer_norm"] and name in self.layer_norms:
                continue
            squares = (parameter - self.anchor[name]).square()
            total = total + (self.importance[name] * squares if weighted else squares).sum()
        return part["lambda"] / 2 * total

    def evaluate(self, parts, target, source):
        """What an optimizer step sees: the loss with all of its parts, and the total gradient."""
        losses = {"target": mlm_loss(self.model, target)}
        task = losses["target"]
        if "rh" in parts:
            losses["source"] = mlm_loss(self.model, source)
            task = task + parts["rh"]["lambda"] * losses["source"]
        if "lwf" in parts:
            temperature = parts["lwf"]["temperature"]
            losses["distillation"] = divergence(self.model, self.base, target, temperature)
            task = task + parts["lwf"]["lambda"] * losses["distillation"]
        gradient = self.gradient(task)

        projection = None
        if "gem" in parts:
            reference = self.gradient(mlm_loss(self.model, source))
            product = dot(gradient, reference)
            projection = {
                "projected": product < 0,
                "cosine": product / (norm(gradient) * norm(reference)),
            }
            if product < 0:
                share = product / dot(reference, reference)
                gradient = {name: g - share * reference[name] for name, g in gradient.items()}
        task_norm = norm(gradient)

        penalties = {}
        total = task
        for name in ("l2", "ewc"):
            if name in parts:
                value = self.penalty(parts[name], weighted=name == "ewc")
                added = self.gradient(value)
                penalties[name] = {"value": value.item(), "gradient_norm": norm(added)}
                gradient = {key: g + added[key] for key, g in gradient.items()}
                total = total + value
        report = {
            "losses": {name: loss.item() for name, loss in losses.items()},
            "total": total.item(),
            "penalties": penalties,
            "projection": projection,
            "task_gradient_norm": task_norm,
            "gradient_norm": norm(gradient),
        }
        return report, gradient

    def optimizer(self, parts, settings):
        """AdamW; a layer's learning rate is η ρ^−(L−l), and decay spares biases and LayerNorm."""
        rate = parts.get("lrc", {"decay": 1.0})["decay"]
        groups = []
        for name, parameter in self.parameters.items():
            spared = name in self.layer_norms or name.endswith("bias")
            below_top = max(0, self.layers - self.depth(name))
            groups.append(
                {
                    "params": [parameter],
                    "lr": settings["learning_rate"] * rate**below_top,
                    "weight_decay": 0.0 if spared else settings["weight_decay"],
                }
            )
        return torch.optim.AdamW(
            groups,
            betas=(settings["adam_beta1"], settings["adam_beta2"]),
            eps=settings["adam_epsilon"],
        )

    def train(self, parts, settings, steps):
        self.reset()
        optimizer = self.optimizer(parts, settings)
        reports = []
        for step in steps:
            report, gradient = self.evaluate(parts, tensors(step["target"]), tensors(step["source"]))
            for name, parameter in self.parameters.items():
                parameter.grad = gradient[name]
            nn.utils.clip_grad_norm_(self.parameters.values(), settings["max_grad_norm"])
            optimizer.step()
            reports.append(report)
        trained = snapshot(self.parameters)
        self.reset()
        return reports, trained

    def drift(self):
        """‖θ − θ*‖ and ‖θ*‖ at each depth."""
        distances = torch.zeros(self.layers + 2, dtype=torch.float64)
        norms = torch.zeros_like(distances)
        for name, anchor in self.anchor.items():
            moved = (self.parameters[name].detach() - anchor).double()
            distances[self.depth(name)] += moved.square().sum()
            norms[self.depth(name)] += anchor.double().square().sum()
        return {"distances": distances.sqrt().tolist(), "norms": norms.sqrt().tolist()}

    def own_predictions(self, batches):
        """The micro-batches with the tokens for labels that the model itself finds the likeliest."""
        relabelled = []
        for batch in batches:
            with torch.no_grad():
                best = scored(self.model, batch)[0].argmax(dim=-1)
            labels = batch["labels"].clone()
            labels[labels != -100] = best
            relabelled.append({**batch, "labels": labels})
        return relabelled


def dot(a, b):
    return sum((a[name].double() * b[name].double()).sum() for name in a).item()


def norm(a):
    return dot(a, a) ** 0.5


def snapshot(tensors):
    return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}


# So little work at a time is done sooner by one thread, above all where others compute too.
torch.set_num_threads(1)
request = json.loads(pathlib.Path(sys.argv[1]).read_text())
output = pathlib.Path(request["output"])
results = {}
for model_name, entry in request["models"].items():
    target, source = tensors(entry["target"]), tensors(entry["source"])
    problem = Problem(entry["path"], target)
    save_file(snapshot(problem.theta), output / f"{model_name}-theta.safetensors")
    save_file(problem.importance, output / f"{model_name}-importance.safetensors")
    # A gradient towards what the model predicts already opposes the one towards anything else.
    sources = {
        "source": source,
        "opposing": problem.own_predictions(target),
        "agreeing": target[:1],
    }
    objectives = {}
    for name, objective in entry["objectives"].items():
        report, gradient = problem.evaluate(
            objective["parts"], target, sources[objective["source"]]
        )
        objectives[name] = report
        save_file(snapshot(gradient), output / f"{model_name}-{name}-gradient.safetensors")
    trainings = {}
    for name, parts in entry["trainings"].items():
        trainings[name], trained = problem.train(
            parts, request["settings"], entry["steps"]
        )
        save_file(trained, output / f"{model_name}-{name}-trained.safetensors")
    results[model_name] = {
        "objectives": objectives,
        "trainings": trainings,
        "drift": problem.drift(),
        "opposing": [
            batch["labels"][batch["labels"] != -100].tolist() for batch in sources["opposing"]
        ],
    }
(output / "results.json").write_text(json.dumps(results))
