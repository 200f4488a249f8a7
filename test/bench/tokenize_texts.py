"""Tokenises JSON Lines of texts with Hugging Face's `tokenizers`, offsets included, and writes the
ids: `python tokenize_texts.py TEXTS TOKENIZER_JSON OUTPUT`, a line of JSON."""

import json
import sys
import time

import numpy
from tokenizers import Tokenizer

texts_path, tokenizer_path, output = sys.argv[1:4]
tokenizer = Tokenizer.from_file(tokenizer_path)
tokenizer.no_truncation()
tokenizer.no_padding()

start = time.perf_counter()
tokens = 0
with open(texts_path, encoding="utf-8") as lines, open(output, "wb") as ids:
    batch = []

    def flush():
        global tokens
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            ids.write(numpy.array(encoding.ids, dtype=numpy.uint16).tobytes())
            tokens += len(encoding.ids)
        batch.clear()

    for line in lines:
        batch.append(json.loads(line))
        if len(batch) == 1000:
            flush()
    flush()
print(json.dumps({"seconds": time.perf_counter() - start, "tokens": tokens}))
