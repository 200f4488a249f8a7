/**
 * Makes resources/demo/base-model: a small BERT, pretrained with this product on generated general
 * text with a few notes among it. `npm run build:demo` overwrites it; the same machine, build and
 * number of threads give the same bits.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  PRETRAINING_SEED,
  SOURCE_CORPUS,
  TARGET_CORPUS,
  writeDemoCorpus,
} from '../../core/demo/demoProject.ts';
import type { DemoCorpus } from '../../core/demo/demoProject.ts';
import { countWords, makeVocabulary } from '../../core/demo/vocabulary.ts';
import { untilInterrupt } from '../../core/headless/command.ts';
import { followRun } from '../../core/headless/follow.ts';
import { nodeEnvironment } from '../../core/headless/host.ts';

const BASE_MODEL = fileURLToPath(new URL('base-model', import.meta.url));
const VOCABULARY_SIZE = 2048;

/** One document in this many is a clinical note: published encoders have met a little of everything. */
const NOTE_INTERVAL = 40;
/** Enough general text that the model sees little of it twice. */
const PRETRAINING_CORPUS: DemoCorpus = {
  name: 'pretraining',
  documents: 20_000,
  document: (seed, index) =>
    (index % NOTE_INTERVAL === 0 ? TARGET_CORPUS : SOURCE_CORPUS).document(seed, index),
};
/** Watched while the model is trained, so that one sees how strange the clinic is to it. */
const WATCHED_CORPUS: DemoCorpus = {
  name: 'watched',
  documents: 400,
  document: (seed, index) => TARGET_CORPUS.document(seed + 1, index),
};

const CONFIGURATION = {
  architectures: ['BertForMaskedLM'],
  model_type: 'bert',
  vocab_size: VOCABULARY_SIZE,
  hidden_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 512,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  initializer_range: 0.08,
  pad_token_id: 0,
};

const TOKENIZER_CONFIGURATION = {
  tokenizer_class: 'BertTokenizer',
  do_lower_case: true,
  model_max_length: 64,
};

const TRAINING = {
  learning_rate: 1e-3,
  max_steps: 3000,
  per_device_train_batch_size: 16,
  max_seq_length: 64,
  mlm_probability: 0.2,
  warmup_steps: 100,
  adam_beta2: 0.98,
  weight_decay: 0.01,
  dropout: 0,
  eval_steps: 250,
  save_steps: 500,
} as const;

const work = await mkdtemp(join(tmpdir(), 'palimpsest-build-demo-'));
const environment = nodeEnvironment();
const workbench = await environment.openWorkbench(join(work, 'home'));
try {
  const paths = await writeMaterial();
  await workbench.call('models/init', {
    configPath: paths.config,
    tokenizerPath: paths.tokenizer,
    name: 'untrained',
    seed: PRETRAINING_SEED,
  });
  for (const [name, path] of Object.entries(paths.corpora)) {
    await workbench.call('corpora/import', { paths: [path], name, column: 'text' });
  }
  const project = await workbench.call('projects/run', {
    project: {
      name: 'pretraining',
      base_model: 'untrained',
      target_corpus: PRETRAINING_CORPUS.name,
      source_corpus: WATCHED_CORPUS.name,
      strategies: ['sdt'],
      seeds: [PRETRAINING_SEED],
      training: TRAINING,
      evaluation: { max_tokens: 20_000 },
    },
  });
  const [run] = project.runs;
  const { runs } = await untilInterrupt(environment, (stop) =>
    followRun(workbench, run.id, environment, stop),
  );
  if (runs[0].state !== 'completed') throw new Error(`The run ended ${runs[0].state}.`);
  const folder = join(work, 'export');
  await workbench.call('runs/export', { run: run.id, folder });
  await rm(BASE_MODEL, { recursive: true, force: true });
  await mkdir(BASE_MODEL, { recursive: true });
  for (const name of ['config.json', 'model.safetensors', 'vocab.txt', 'tokenizer_config.json']) {
    await cp(join(folder, name), join(BASE_MODEL, name));
  }
  console.log(await readFile(join(BASE_MODEL, 'config.json'), 'utf8'));
} finally {
  await workbench.close();
  await rm(work, { recursive: true, force: true });
}

async function writeMaterial(): Promise<{
  config: string;
  tokenizer: string;
  corpora: Record<string, string>;
}> {
  const tokenizer = join(work, 'tokenizer');
  await mkdir(tokenizer);
  const sample = (corpus: typeof SOURCE_CORPUS, documents: number): string[] =>
    Array.from({ length: documents }, (_, index) => corpus.document(PRETRAINING_SEED, index));
  const vocabulary = makeVocabulary(
    countWords(sample(SOURCE_CORPUS, 4000)),
    countWords(sample(TARGET_CORPUS, 1500)),
    VOCABULARY_SIZE,
  );
  await writeFile(join(tokenizer, 'vocab.txt'), `${vocabulary.join('\n')}\n`);
  await writeFile(
    join(tokenizer, 'tokenizer_config.json'),
    JSON.stringify(TOKENIZER_CONFIGURATION, null, 2),
  );
  const config = join(work, 'config.json');
  await writeFile(config, JSON.stringify(CONFIGURATION, null, 2));
  return {
    config,
    tokenizer,
    corpora: {
      [PRETRAINING_CORPUS.name]: await writeDemoCorpus(work, PRETRAINING_CORPUS, PRETRAINING_SEED),
      [WATCHED_CORPUS.name]: await writeDemoCorpus(work, WATCHED_CORPUS, PRETRAINING_SEED),
    },
  };
}
