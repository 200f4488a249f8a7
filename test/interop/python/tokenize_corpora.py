"""Token ids that Hugging Face's Python tokenizers give to documents of the shared corpora.

usage: tokenize_corpora.py SHARED_DATA_FOLDER OUTPUT_FOLDER DOCUMENTS_A_CORPUS
Writes documents-CORPUS.jsonl (one JSON string a line) and ids-TOKENIZER-CORPUS.bin: for each
document its number of tokens and then their ids, as little-endian int32.
"""

import csv
import gzip
import json
import pathlib
import sys

import numpy
from tokenizers import Tokenizer
from transformers import BertTokenizerFast

data, output, limit = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
csv.field_size_limit(1 << 30)


def json_lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def files(pattern):
    for path in sorted(data.glob(pattern)):
        yield path.read_text(encoding="utf-8", errors="replace")


def column(pattern, *names):
    for path in sorted(data.glob(pattern)):
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield from (row[name] for name in names if row.get(name))


def paragraphs(pattern):
    for text in files(pattern):
        yield from (line for line in text.split("\n") if line.strip())


corpora = {
    "enwiki-train": json_lines(data / "general/enwiki-train.jsonl.gz"),
    "enwiki-heldout": json_lines(data / "general/enwiki-heldout.jsonl.gz"),
    "wikitext-2": paragraphs("general/wikitext-2/*"),
    "medquad": column("biomedical/medquad.csv", "answer"),
    "craft": files("biomedical/craft/*.txt"),
    "mts-dialog": column("clinical/mts-dialog/*.csv", "section_text", "dialogue"),
    "aci-bench": files("clinical/aci-bench-notes/*.txt"),
    "cuad": files("legal/cuad/*.txt"),
}
folder = data / "tokenizers"
cased_words = (folder / "bert-base-cased/vocab.txt").read_text(encoding="utf-8").splitlines()
tokenizers = {
    "bert-base-uncased": Tokenizer.from_file(str(folder / "bert-base-uncased/tokenizer.json")),
    # No configuration comes with this vocabulary: the class's own rules, told that case counts.
    "bert-base-cased": BertTokenizerFast(
        {word: index for index, word in enumerate(cased_words)}, do_lower_case=False
    ).backend_tokenizer,
    "roberta-base": Tokenizer.from_file(str(folder / "roberta-base/tokenizer.json")),
}
counts = {}
for corpus, texts in corpora.items():
    documents = []
    for text in texts:
        if len(documents) == limit:
            break
        documents.append(text)
    counts[corpus] = len(documents)
    with open(output / f"documents-{corpus}.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(text) + "\n" for text in documents)
    for name, tokenizer in tokenizers.items():
        tokenizer.no_truncation()
        tokenizer.no_padding()
        with open(output / f"ids-{name}-{corpus}.bin", "wb") as file:
            for start in range(0, len(documents), 100):
                batch = documents[start : start + 100]
                for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
                    ids = encoding.ids
                    file.write(numpy.array([len(ids), *ids], dtype="<i4").tobytes())
(output / "corpora.json").write_text(json.dumps(counts))
