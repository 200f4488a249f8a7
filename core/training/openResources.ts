/** Opens what a run works with: the model on its engine, the windows of its corpus, its evaluation sets. */
import { availableParallelism } from 'node:os';
import { UserError } from '../base/errors.ts';
import { prepareFrozenMasks } from '../evaluation/scoring.ts';
import { readFrozenMasks } from '../evaluation/frozenMasks.ts';
import { maximumSequenceLength } from '../model/config.ts';
import { loadModelFolder } from '../model/modelFolder.ts';
import type { ModelFolder } from '../model/modelFolder.ts';
import { openMlmSession } from '../model/openSession.ts';
import { mlmParameters } from '../model/parameters.ts';
import { needsOf } from '../strategies/parts.ts';
import { openCorpus } from '../text/corpusReader.ts';
import { verifyShardSplit } from '../text/shardReader.ts';
import { openTokenizer } from '../text/tokenizer.ts';
import type { Tokenizer } from '../text/types.ts';
import { holdAnchor } from './anchor.ts';
import { openSourceStream, openTargetStream } from './batchStream.ts';
import type { RunSpecification } from './configuration.ts';
import { openFisher } from './fisherOfRun.ts';
import { streamsOf } from './objective.ts';
import type {
  BatchStream,
  OpenResources,
  PreparedEvaluation,
  TrainingResources,
} from './resources.ts';
import { programVersions } from './runFile.ts';

export const openResources: OpenResources = async (specification, objective) => {
  const { settings, target, rehearsal, modelFolder, seed } = specification;
  const loadModel = async (): Promise<ModelFolder> => {
    const loaded = await loadModelFolder(modelFolder);
    requireSame('model', loaded.hash, specification.modelHash, modelFolder);
    return loaded;
  };
  const model = await loadModel();
  const { tokenizer } = await openTokenizer(modelFolder);
  requireSame('tokenizer', tokenizer.hash, specification.tokenizerHash, modelFolder);
  requireLength(settings.max_seq_length, maximumSequenceLength(model.config), modelFolder);

  const evaluations = await openEvaluations(specification, tokenizer);
  const needs = needsOf(objective);
  const fisher = needs.includes('Fisher diagonal')
    ? await openFisher(specification, mlmParameters(model.config))
    : undefined;
  const kinds = streamsOf(objective);
  const options = { tokenizer, config: model.config, settings, seed };
  const opened: { close(): unknown }[] = [];
  const close = async (): Promise<void> => {
    for (const resource of opened.toReversed()) await resource.close();
  };
  try {
    let targetStream: BatchStream | undefined;
    if (kinds.has('target')) {
      await verifyShardSplit(target.shardFolder, 'train');
      const stream = openTargetStream(target, options);
      opened.push(stream);
      targetStream = stream;
    }
    let sourceStream: BatchStream | undefined;
    let rehearsalOf: TrainingResources['rehearsal'];
    if (kinds.has('source') && rehearsal !== undefined && objective.sourceRatio !== null) {
      await verifyShardSplit(rehearsal.shardFolder, 'train');
      const stream = openSourceStream(rehearsal, objective.sourceRatio, options);
      opened.push(stream);
      sourceStream = stream;
      rehearsalOf = (steps) => stream.composition(steps);
    }
    const threads = specification.threads ?? availableParallelism();
    const session = await openMlmSession({
      config: model.config,
      weights: model.weights,
      session: { engine: specification.engine, threads },
      dropout: settings.dropout,
    });
    opened.push(session);
    await holdAnchor(session, objective, model.weights, fisher?.diagonal);
    return {
      session,
      readBase: async () => (await loadModel()).weights,
      threads,
      versions: programVersions(),
      notices: model.notices,
      streams: {
        ...(targetStream === undefined ? {} : { target: targetStream }),
        ...(sourceStream === undefined ? {} : { source: sourceStream }),
      },
      ...(rehearsalOf === undefined ? {} : { rehearsal: rehearsalOf }),
      ...(fisher === undefined ? {} : { fisher: fisher.description }),
      evaluations,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
