/** What a run says of its conventions, its rehearsal buffer and its Fisher diagonal, in words. */
import type { RunDetail } from '../../workbench/contract.ts';
import { formatCount, formatNats, formatPercent, formatSignificant } from './format.ts';
import { facts } from './table.ts';

type Rehearsal = NonNullable<RunDetail['rehearsal']>;
type Fisher = NonNullable<RunDetail['fisher']>;
type Guard = NonNullable<RunDetail['guard']>;

/** Titled blocks; none for what the run does not have. */
export function describeReports({ rehearsal, fisher, conventions }: RunDetail): string[] {
  const blocks: string[] = [];
  if (rehearsal !== null) blocks.push(`Rehearsal buffer\n${facts(rehearsalFacts(rehearsal))}`);
  if (fisher !== null) blocks.push(`Fisher diagonal\n${facts(fisherFacts(fisher))}`);
  if (conventions !== null) {
    const entries = Object.entries(conventions).map(
      ([topic, words]) => [topic.replaceAll('_', ' '), words] as const,
    );
    blocks.push(`Conventions\n${facts(entries)}`);
  }
  return blocks;
}

/** What the forgetting guard did, as the rest of a sentence about it. */
export function describeGuard({ step, action, nll, bound, keptStep }: Guard): string {
  const kept = keptStep === 0 ? 'of the base model' : `of step ${formatCount(keptStep)}`;
  return (
    `${action === 'stop' ? 'stopped the training' : 'ended the training and rolled back'} at step ` +
    `${formatCount(step)}: ${
      nll === null ? 'the run diverged' : `source loss ${formatNats(nll)} nats a masked token`
    }, bound ${formatNats(bound)}; the run has the weights ${kept}`
  );
}

const POLICIES: Readonly<Record<Rehearsal['policy'], string>> = {
  uniform: 'uniform: every sequence as likely',
  by_document: 'by document: documents in random order, one sequence of each in turn',
};

function rehearsalFacts(buffer: Rehearsal): [string, string][] {
  const { fewestRepeats: fewest, mostRepeats: most } = buffer;
  const times =
    fewest === most ? `${formatCount(most)}` : `${formatCount(fewest)} to ${formatCount(most)}`;
  return [
    ['policy', POLICIES[buffer.policy]],
    [
      'sequences',
      `${formatCount(buffer.sequences)} of the corpus's ${formatCount(buffer.corpusSequences)}`,
    ],
    [
      'documents',
      `${formatCount(buffer.documents)} of the corpus's ${formatCount(buffer.corpusDocuments)}`,
    ],
    ['tokens', `${formatCount(buffer.tokens)}, special tokens included`],
    ...shareFacts(buffer),
    [
      'draws',
      `${formatCount(buffer.draws)} sequences over the whole run, each ${times} ${times === '1' ? 'time' : 'times'}`,
    ],
  ];
}

function shareFacts({ share }: Rehearsal): [string, string][] {
  if (share === undefined) return [];
  const { source, target, ratio } = share;
  return [
    [
      'in a batch',
      `${formatCount(source)} with ${formatCount(target)} of the target, ratio ${formatSignificant(ratio)}`,
    ],
  ];
}

function fisherFacts({ id, settings, health }: Fisher): [string, string][] {
  const { variant, sequences: wanted, batch_size: batchSize, seed } = settings;
  const { sequences, depthSums } = health;
  const depths = depthSums.map(
    (sum, depth) => `${depthName(depth, depthSums)} ${formatSignificant(sum)}`,
  );
  return [
    ['estimate', id],
    [
      'variant',
      variant === 'per_sequence'
        ? 'per sequence: mean of the squared gradients of single sequences'
        : `per batch: mean of the squared gradients of batches of ${batchSize} sequences`,
    ],
    [
      'sequences',
      sequences < wanted
        ? `${formatCount(sequences)} of the ${formatCount(wanted)} asked for: the corpus has no more with text to mask`
        : `${formatCount(sequences)}, drawn with seed ${seed}`,
    ],
    [
      'mean',
      `${formatSignificant(health.mean)} nats² a weight, at most ${formatSignificant(health.largest)}`,
    ],
    [
      'near zero',
      `${formatPercent(health.nearZeroShare)} of the weights, below a millionth of the mean`,
    ],
    ['sums', `${depths.join(', ')} nats²`],
    [
      'halves',
      `cosine ${health.halvesCosine.toFixed(3)}, rank correlation ${health.halvesRankCorrelation.toFixed(3)} between the two halves of the sample; 1 is full agreement`,
    ],
  ];
}

function depthName(depth: number, all: readonly number[]): string {
  if (depth === 0) return 'embeddings';
  return depth === all.length - 1 ? 'head' : `layer ${depth}`;
}
