/** What the Runs table can be filtered by. */
import type { RunSummary } from '../../core/workbench/contract.ts';
import type { FilterField } from '../lib/filter.ts';
import { secondsTaken, strategyWords } from '../lib/runView.ts';

export const RUN_FILTER_FIELDS: readonly FilterField<RunSummary>[] = [
  {
    name: 'strategy',
    kind: 'word',
    value: ({ strategy }) => strategyWords(strategy),
    description: 'one of its parts: ewc; or all: rh+ewc',
  },
  { name: 'project', kind: 'text', value: ({ projectName }) => projectName },
  { name: 'name', kind: 'text', value: ({ name }) => name },
  { name: 'state', kind: 'word', value: ({ state }) => state },
  {
    name: 'target',
    kind: 'number',
    value: ({ targetNll }) => targetNll,
    description: 'loss on the test split, nats: target<3.5',
  },
  {
    name: 'source',
    kind: 'number',
    value: ({ sourceNll }) => sourceNll,
    description: 'loss on the test split, nats',
  },
  { name: 'tag', kind: 'word', value: ({ tags }) => tags },
  { name: 'note', kind: 'text', value: ({ note }) => note },
  {
    name: 'archived',
    kind: 'word',
    value: ({ archivedAt }) => (archivedAt === null ? 'no' : 'yes'),
    description: 'yes or no; no unless asked for',
  },
  { name: 'seed', kind: 'number', value: ({ seed }) => seed },
  { name: 'step', kind: 'number', value: ({ step }) => step },
  { name: 'took', kind: 'duration', value: (run) => secondsTaken(run, Date.now()) },
  { name: 'created', kind: 'date', value: ({ createdAt }) => createdAt },
  { name: 'ended', kind: 'date', value: ({ endedAt }) => endedAt },
  { name: 'engine', kind: 'word', value: ({ engine }) => engine },
  { name: 'device', kind: 'text', value: ({ device }) => device },
  { name: 'purpose', kind: 'word', value: ({ purpose }) => purpose },
  {
    name: 'lambda',
    aliases: ['λ'],
    kind: 'number',
    value: ({ parts }) => firstStrength(parts),
    description: 'of the first part that has one',
  },
  { name: 'id', kind: 'text', value: ({ id }) => id },
  { name: 'error', kind: 'text', value: ({ error }) => error?.message ?? null },
];

function firstStrength(parts: RunSummary['parts']): number | null {
  for (const part of Object.values(parts)) {
    if (part !== undefined && 'lambda' in part) return part.lambda;
  }
  return null;
}
