/** Packs a corpus into shards: `node test/bench/pack.ts CORPUS TOKENIZER OUTPUT`, a line of JSON. */
import { readShardManifest } from '../../core/text/shardReader.ts';
import { openCorpus } from '../../core/text/corpusReader.ts';
import { buildShards } from '../../core/text/shards.ts';
import { openTokenizer } from '../../core/text/tokenizer.ts';

const [corpusFolder, tokenizerFolder, folder] = process.argv.slice(2);
const corpus = openCorpus(corpusFolder);
const { tokenizer } = await openTokenizer(tokenizerFolder);
const start = performance.now();
await buildShards({ corpus, tokenizer, folder });
const seconds = (performance.now() - start) / 1000;
corpus.close();
const splits = Object.values(readShardManifest(folder)?.splits ?? {});
const tokens = splits.reduce((sum, split) => sum + split.tokens, 0);
console.log(JSON.stringify({ seconds, tokens }));
