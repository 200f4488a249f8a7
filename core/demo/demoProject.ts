/** The demo project: its generated corpora and the project file that is run on them. */
import { join } from 'node:path';
import { writeFileAtomically } from '../base/files.ts';
import { clinicalNote } from './clinicalText.ts';
import { generalDocument } from './generalText.ts';

/** Seeds of the generated text. What the base model was pretrained on occurs in no demo corpus. */
export const DEMO_SEED = 1;
export const PRETRAINING_SEED = 100;

export const DEMO_MODEL = 'demo-base';

export interface DemoCorpus {
  readonly name: string;
  readonly documents: number;
  readonly document: (seed: number, index: number) => string;
}

export const SOURCE_CORPUS: DemoCorpus = {
  name: 'demo-general',
  documents: 3000,
  document: generalDocument,
};
export const TARGET_CORPUS: DemoCorpus = {
  name: 'demo-clinical',
  documents: 1500,
  document: clinicalNote,
};

/** What a person would write into a project file; parsed by projectFileSchema. */
export const DEMO_PROJECT = {
  name: 'demo',
  base_model: DEMO_MODEL,
  target_corpus: TARGET_CORPUS.name,
  source_corpus: SOURCE_CORPUS.name,
  // Strong enough that each takes back most of what plain tuning forgets, and still gains.
  strategies: [
    'ndt',
    'sdt',
    { rh: { lambda: 0.3 } },
    { l2: { lambda: 0.05 } },
    { ewc: { lambda: 300 } },
    'gem',
  ],
  seeds: [1],
  training: {
    learning_rate: 5e-4,
    max_steps: 400,
    per_device_train_batch_size: 16,
    max_seq_length: 64,
    warmup_steps: 20,
    weight_decay: 0.01,
    logging_steps: 10,
    eval_steps: 100,
    save_steps: 100,
  },
  evaluation: { max_tokens: 40_000 },
} as const;

/** Writes a corpus as JSON Lines with the column `text` into `folder` and returns the file's path. */
export async function writeDemoCorpus(
  folder: string,
  corpus: DemoCorpus,
  seed = DEMO_SEED,
  /** Called after each document; what it throws ends the writing, and no file is left. */
  onDocument: (done: number) => void = () => undefined,
): Promise<string> {
  const path = join(folder, `${corpus.name}.jsonl`);
  await writeFileAtomically(path, async (file) => {
    for (let index = 0; index < corpus.documents; index++) {
      await file.write(`${JSON.stringify({ text: corpus.document(seed, index) })}\n`);
      onDocument(index + 1);
    }
  });
  return path;
}
