"""Writes small models with random weights as transformers saves them, and in older and other forms.

usage: make_models.py OUTPUT_FOLDER
"""

import collections
import json
import pathlib
import sys

import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    RobertaConfig,
    RobertaForMaskedLM,
)

output = pathlib.Path(sys.argv[1])
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"word{i}" for i in range(92)]

bert_sizes = dict(
    vocab_size=len(WORDS),
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=48,
    max_position_embeddings=40,
)


def lively(model):
    """Weights far from their initial values, so that every path of the gradient carries signal."""
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for module in model.modules():
            for name, parameter in module.named_parameters(recurse=False):
                noise = torch.randn(parameter.shape, generator=generator)
                if isinstance(module, nn.LayerNorm) and name == "weight":
                    parameter.copy_(1 + 0.2 * noise)
                else:
                    parameter.copy_(0.15 * noise)
    return model.eval()


def save(model, name, **options):
    folder = output / name
    model.save_pretrained(folder, **options)
    words = "\n".join(WORDS) + "\n"
    (folder / "vocab.txt").write_text(words)
    return folder


def save_torch(model, name, state):
    """config.json and the state dictionary in the format of torch.save."""
    folder = save(model, name)
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    return folder


bert = lively(BertForMaskedLM(BertConfig(**bert_sizes)))
save(bert, "bert")
save(
    lively(
        BertForMaskedLM(
            BertConfig(**bert_sizes, tie_word_embeddings=False, hidden_act="gelu_new")
        )
    ),
    "bert-untied",
)
save(lively(BertForMaskedLM(BertConfig(**bert_sizes, hidden_act="relu"))), "bert-relu")
roberta = {**bert_sizes, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
save(lively(RobertaForMaskedLM(RobertaConfig(**roberta))), "roberta")
distilbert = DistilBertConfig(
    vocab_size=len(WORDS), dim=32, n_layers=3, n_heads=4, hidden_dim=48, max_position_embeddings=40
)
save(lively(DistilBertForMaskedLM(distilbert)), "distilbert")

# Forms of storage; all hold the weights of "bert" (rounded, where the type is shorter).
save_torch(bert, "bin", bert.state_dict())
save(bert, "sharded", max_shard_size="20KB")
for name, dtype in [("float16", torch.float16), ("bfloat16", torch.bfloat16)]:
    shorter = BertForMaskedLM(BertConfig(**bert_sizes))
    shorter.load_state_dict(bert.state_dict())
    shorter.to(dtype)
    save(shorter, name)
    save_torch(shorter, f"{name}-bin", shorter.state_dict())

old_names = collections.OrderedDict(
    (
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ),
        tensor,
    )
    for name, tensor in bert.state_dict().items()
    if name != "cls.predictions.decoder.bias"
)
old_names["bert.embeddings.position_ids"] = torch.arange(40).unsqueeze(0)
save_torch(bert, "old-names", old_names)

folder = save_torch(bert, "sharded-bin", {})
(folder / "pytorch_model.bin").unlink()
shards = [collections.OrderedDict(), collections.OrderedDict()]
weight_map = {}
for index, (name, tensor) in enumerate(bert.state_dict().items()):
    shards[index % 2][name] = tensor
    weight_map[name] = f"pytorch_model-0000{index % 2 + 1}-of-00002.bin"
for index, shard in enumerate(shards):
    torch.save(shard, folder / f"pytorch_model-0000{index + 1}-of-00002.bin")
index_file = folder / "pytorch_model.bin.index.json"
index_file.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))

# Models that hold more, or less, than a masked language model.
save(lively(BertForPreTraining(BertConfig(**bert_sizes))), "pretraining")
save(lively(BertModel(BertConfig(**bert_sizes))), "encoder")
