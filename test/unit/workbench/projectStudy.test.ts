import { expect, it } from 'vitest';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { describeDifference, studyDifferences } from '../../../core/workbench/projectStudy.ts';

function project(given: object = {}): ProjectFile {
  return projectFileSchema.parse({
    ...{ name: 'p', base_model: 'm', target_corpus: 't', source_corpus: 's' },
    ...given,
  });
}

const textsOf = (there: object, here: object): string[] =>
  studyDifferences(project(there), project(here)).map(describeDifference);

it('lets strategies, seeds and selection differ', () => {
  const more = {
    strategies: ['rh', { ewc: { lambda: [1, 2] } }],
    seeds: [1, 2],
    selection: { max_steps: 3 },
  };
  expect(textsOf({}, more)).toEqual([]);
});

it.each([
  [{ training: { learning_rate: 1e-4 } }, 'training.learning_rate is 5e-5 there and 1e-4 here'],
  [{ training: { max_steps: 500 } }, 'training.max_steps is absent there and 500 here'],
  [{ base_model: 'n' }, 'base_model is "m" there and "n" here'],
  [{ engine: 'cpu' }, 'engine is "auto" there and "cpu" here'],
  [{ fisher: { sequences: 5 } }, 'fisher.sequences is 1000 there and 5 here'],
  [
    { source_corpus: { evaluation: 's', rehearsal: 'b' } },
    'source_corpus is "s" there and {"evaluation":"s","rehearsal":"b"} here',
  ],
  [
    { training: { forgetting_guard: { max_forgetting: 0 } } },
    'training.forgetting_guard is absent there and {"max_forgetting":0,"action":"stop"} here',
  ],
])('tells that %j is another study', (here, text) => {
  expect(textsOf({}, here)).toEqual([text]);
});

it('tells every key that differs, whichever side has it', () => {
  const there = { training: { max_steps: 9, dropout: 0 }, threads: 2 };
  expect(textsOf(there, { training: { dropout: 0.1 } })).toEqual([
    'training.max_steps is 9 there and absent here',
    'training.dropout is 0 there and 0.1 here',
    'threads is 2 there and absent here',
  ]);
});
