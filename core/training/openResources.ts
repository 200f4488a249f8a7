/** Opens what a run works with: the model on its engine, the windows of its corpus, its evaluation sets. */
import { availableParallelism } from 'node:os';
import { UserError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import { prepareFrozenMasks } from '../evaluation/scoring.ts';
import { readFrozenMasks } from '../evaluation/frozenMasks.ts';
import { maximumSequenceLength } from '../model/config.ts';
import { loadModelFolder } from '../model/modelFolder.ts';
import { openMlmSession } from '../model/openSession.ts';
import { openCorpus } from '../text/corpusReader.ts';
import { openTokenizer } from '../text/tokenizer.ts';
import type { Tokenizer } from '../text/types.ts';
import { openBatchStream } from './batchStream.ts';
import type { RunSpecification } from './configuration.ts';
import { verifyShardSplit } from '../text/shardReader.ts';
import type { OpenResources, PreparedEvaluation } from './resources.ts';

export const openResources: OpenResources = async (specification, streams) => {
  const { settings, target, modelFolder } = specification;
  const model = await loadModelFolder(modelFolder);
  requireSame('model', model.hash, specification.modelHash, modelFolder);
  const { tokenizer } = await openTokenizer(modelFolder);
  requireSame('tokenizer', tokenizer.hash, specification.tokenizerHash, modelFolder);
  requireLength(settings.max_seq_length, maximumSequenceLength(model.config), modelFolder);

  const evaluations = await openEvaluations(specification, tokenizer);
  if (streams.includes('target')) await verifyShardSplit(target.shardFolder, 'train');
  const targetStream = streams.includes('target')
    ? openBatchStream({
        kind: 'target',
        shardFolder: target.shardFolder,
        corpusHash: target.contentHash,
        tokenizer,
        config: model.config,
        settings,
        seed: specification.seed,
      })
    : undefined;
  const threads = specification.threads ?? availableParallelism();
  const session = await openMlmSession({
    config: model.config,
    weights: model.weights,
    session: { engine: specification.engine, threads },
    dropout: settings.dropout,
  });
  return {
    session,
    threads,
    versions: { palimpsest: VERSION, node: process.versions.node },
    notices: model.notices,
    streams: targetStream === undefined ? {} : { target: targetStream },
    evaluations,
    close: async () => {
      targetStream?.close();
      await session.close();
    },
  };
};

async function openEvaluations(
  { evaluations, settings }: RunSpecification,
  tokenizer: Tokenizer,
): Promise<PreparedEvaluation[]> {
  const prepared: PreparedEvaluation[] = [];
  for (const { name, role, split, corpusFolder, path, sha256 } of evaluations) {
    const set = readFrozenMasks(path, sha256);
    const corpus = openCorpus(corpusFolder);
    try {
      const masks = await prepareFrozenMasks(set, corpus, tokenizer, settings.max_seq_length);
      prepared.push({ name, role, split, setHash: sha256, masks });
    } finally {
      corpus.close();
    }
  }
  return prepared;
}

function requireSame(what: string, found: string, expected: string, folder: string): void {
  if (found === expected) return;
  throw new UserError(
    'run/model-changed',
    `The ${what} in ${folder} is not the one that the run was made with.`,
    'Restore the files, or import the model again and start a new run.',
  );
}

function requireLength(wanted: number, longest: number, folder: string): void {
  if (wanted <= longest) return;
  throw new UserError(
    'run/max-seq-length',
    `max_seq_length is ${wanted}, but the model in ${folder} takes at most ${longest} tokens.`,
    `Set training.max_seq_length to ${longest} or less.`,
  );
}
