"""What the fill-mask pipeline of transformers puts in place of masks.

usage: fill_mask.py REQUEST.json

The request has `output` (a file), `topK`, and `models`: for each name a folder and its texts.
A model `random-byte-level` is made first, with the tokenizer of `byteLevelTokenizer`.
"""

import json
import pathlib
import shutil
import sys

import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    pipeline,
)

request = json.loads(pathlib.Path(sys.argv[1]).read_text())


def make_byte_level(tokenizer_folder, folder):
    """A RoBERTa with random weights for a whole vocabulary; some of its tokens are far likelier."""
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=66,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
    torch.manual_seed(5)
    model = RobertaForMaskedLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    model.save_pretrained(folder)
    for file in pathlib.Path(tokenizer_folder).iterdir():
        shutil.copy(file, folder)


def tokenizer_of(folder):
    """Random models of the other tests have a WordPiece vocabulary, whatever their architecture."""
    files = {path.name for path in pathlib.Path(folder).iterdir()}
    if files & {"tokenizer.json", "merges.txt", "tokenizer_config.json"}:
        return AutoTokenizer.from_pretrained(folder)
    tokenizer = BertTokenizerFast(str(pathlib.Path(folder) / "vocab.txt"))
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    return tokenizer


byte_level = request.get("byteLevelTokenizer")
if byte_level is not None:
    make_byte_level(byte_level, request["models"]["random-byte-level"]["folder"])

answers = {}
for name, model in request["models"].items():
    tokenizer = tokenizer_of(model["folder"])
    weights = AutoModelForMaskedLM.from_pretrained(model["folder"]).eval()
    fill = pipeline("fill-mask", model=weights, tokenizer=tokenizer, top_k=request["topK"])
    answers[name] = []
    for text in model["texts"]:
        masks = fill(text.replace("[MASK]", tokenizer.mask_token))
        if isinstance(masks[0], dict):
            masks = [masks]
        answers[name].append(
            [
                [{"id": one["token"], "probability": one["score"]} for one in mask]
                for mask in masks
            ]
        )
pathlib.Path(request["output"]).write_text(json.dumps(answers))
