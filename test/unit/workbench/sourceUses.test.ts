import { expect, it } from 'vitest';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import { sourceWords } from '../../../core/workbench/sourceUses.ts';

const words = (strategies: unknown[], source_corpus: unknown) =>
  sourceWords(
    projectFileSchema.parse({
      ...{ name: 'p', base_model: 'm', target_corpus: 't', source_corpus },
      strategies,
    }),
  );

it('lets one corpus serve every use that a strategy needs, and no other', () => {
  expect(words(['ndt', 'sdt', 'l2', 'lwf', 'lrc'], 'wiki')).toEqual({ evaluation: 'wiki' });
  expect(words(['gem'], 'wiki')).toEqual({ evaluation: 'wiki', rehearsal: 'wiki' });
  expect(words(['ewc'], 'wiki')).toEqual({ evaluation: 'wiki', fisher: 'wiki' });
  expect(words([{ rh: {}, ewc: {} }], 'wiki')).toEqual({
    ...{ evaluation: 'wiki', rehearsal: 'wiki', fisher: 'wiki' },
  });
});

it('needs no source text where λ is 0', () => {
  const parts = [{ rh: { lambda: 0 } }, { ewc: { lambda: [0] } }];
  expect(words(parts, { evaluation: 'wiki' })).toEqual({ evaluation: 'wiki' });
});

it.each([
  [['rh'], { evaluation: 'wiki', fisher: 'books' }, 'RH', 'rehearsal'],
  [['sdt', 'gem'], { evaluation: 'wiki' }, 'GEM', 'rehearsal'],
  [[{ ewc: { lambda: [0, 1] } }], { evaluation: 'wiki', rehearsal: 'books' }, 'EWC', 'fisher'],
])('%j with %j lacks a corpus', (strategies, source, strategy, key) => {
  expect(() => words(strategies, source)).toThrow(
    expect.objectContaining({
      code: 'project/needs-source',
      message: expect.stringMatching(
        new RegExp(`^The strategy ${strategy} .* source_corpus has no key ${key}\\.$`),
      ) as string,
      hint: `Add source_corpus.${key}, or write source_corpus as one name that serves every use.`,
    }) as Error,
  );
});
