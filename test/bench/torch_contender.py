"""PyTorch's contenders: `python torch_contender.py VARIANT LAYERS HIDDEN BATCH THREADS`, driven by
contender.ts. VARIANT is `sparse` (SDPA, logits at scored positions only, the fastest AdamW) or
`run_mlm` (BertForMaskedLM as transformers' run_mlm trains it: dense labels with -100)."""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
import transformers

SEQUENCE, SCORED, VOCABULARY, DROPOUT = 128, 20, 30522, 0.1

variant = sys.argv[1]
layers, hidden, batch, threads = map(int, sys.argv[2:6])
torch.set_num_threads(threads)
torch.manual_seed(1)

config = transformers.BertConfig(
    vocab_size=VOCABULARY,
    hidden_size=hidden,
    num_hidden_layers=layers,
    num_attention_heads=hidden // 64,
    intermediate_size=4 * hidden,
    hidden_dropout_prob=DROPOUT,
    attention_probs_dropout_prob=DROPOUT,
)
config._attn_implementation = "sdpa"
model = transformers.BertForMaskedLM(config).train()
assert model.config._attn_implementation == "sdpa"


def groups(module):
    """No decay on biases and LayerNorm, as transformers' Trainer does."""
    named = dict(module.named_parameters())
    plain = [p for n, p in named.items() if n.endswith("bias") or "LayerNorm" in n]
    decayed = [p for n, p in named.items() if not (n.endswith("bias") or "LayerNorm" in n)]
    return [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]


def fastest_adamw():
    """AdamW has three implementations on the CPU; the quickest on a few millions of parameters."""
    times = {}
    for name, options in {
        "fused": {"fused": True},
        "foreach": {"foreach": True},
        "loop": {"foreach": False, "fused": False},
    }.items():
        tensors = [torch.nn.Parameter(torch.rand(512, 512)) for _ in range(12)]
        for tensor in tensors:
            tensor.grad = torch.rand_like(tensor)
        trial = torch.optim.AdamW(tensors, **options)
        trial.step()
        start = time.perf_counter()
        for _ in range(5):
            trial.step()
        times[name] = (time.perf_counter() - start, options)
    name = min(times, key=lambda each: times[each][0])
    return name, times[name][1]


# The Trainer's default optimizer is the fused one.
adamw_name, adamw_options = fastest_adamw() if variant == "sparse" else ("fused", {"fused": True})
optimizer = torch.optim.AdamW(groups(model), lr=5e-5, eps=1e-8, **adamw_options)

columns = torch.arange(SCORED) * SEQUENCE // SCORED
positions = (torch.arange(batch)[:, None] * SEQUENCE + columns).reshape(-1)
attention_mask = torch.ones(batch, SEQUENCE, dtype=torch.long)


def sparse_loss(input_ids, labels):
    states = model.bert(input_ids).last_hidden_state.reshape(-1, hidden)
    return F.cross_entropy(model.cls(states.index_select(0, positions)), labels)


def dense_loss(input_ids, labels):
    dense = torch.full((batch * SEQUENCE,), -100)
    dense[positions] = labels
    dense = dense.reshape(batch, SEQUENCE)
    return model(input_ids=input_ids, attention_mask=attention_mask, labels=dense).loss


loss_of = sparse_loss if variant == "sparse" else dense_loss


def take_steps(count):
    seconds, loss = [], None
    for _ in range(count):
        input_ids = torch.randint(VOCABULARY, (batch, SEQUENCE))
        labels = torch.randint(VOCABULARY, (batch * SCORED,))
        start = time.perf_counter()
        loss = loss_of(input_ids, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = peak if sys.platform == "darwin" else peak * 1024
    return {"seconds": seconds, "loss": loss.item(), "peakBytes": peak_bytes}


def run_optimizer(count):
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 0.01)
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    optimizer.zero_grad(set_to_none=True)
    return {"seconds": seconds}


def multiply(size, count):
    a, b = torch.full((size, size), 0.01), torch.full((size, size), 0.01)
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds}


def finish():
    return {
        "seconds": [],
        "description": f"PyTorch {torch.__version__}, transformers {transformers.__version__}, "
        f"{torch.get_num_threads()} threads, SDPA, AdamW {adamw_name}",
    }


for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "steps":
        reply = take_steps(request["count"])
    elif request["do"] == "optimizer":
        reply = run_optimizer(request["count"])
    elif request["do"] == "sgemm":
        reply = multiply(request["size"], request["count"])
    else:
        reply = finish()
    print(json.dumps(reply), flush=True)
    if request["do"] == "finish":
        break
