import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PART_NAMES } from '../../../../core/strategies/parts.ts';
import { parseProjectText } from '../../../../core/workbench/parseProjectFile.ts';
import { projectFileSchema } from '../../../../core/workbench/projectFile.ts';
import type { ProjectFile } from '../../../../core/workbench/projectFile.ts';
import { meaningOf } from '../../../../core/workbench/strategyEntries.ts';
import {
  draftOf,
  draftSchema,
  emptyDraft,
  isUntouched,
  projectInput,
  strategyDraft,
} from '../../../../renderer/lib/wizard/draft.ts';
import type { Draft } from '../../../../renderer/lib/wizard/draft.ts';
import { projectText } from '../../../../renderer/lib/wizard/projectText.ts';
import { PART_SETTINGS, SETTINGS } from '../../../../renderer/lib/wizard/settings.ts';
import { HELP, PART_HELP } from '../../../../renderer/lib/wizard/settingHelp.ts';

const word = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text && text !== '');
const strength = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0);
const swept = fc.oneof(strength, fc.uniqueArray(strength, { minLength: 1, maxLength: 3 }));
const ratio = fc.double({ min: 1e-3, max: 4, noNaN: true });
const part = {
  rh: fc.record({ lambda: swept, ratio }, { requiredKeys: [] }),
  l2: fc.record({ lambda: swept, layer_norm: fc.boolean() }, { requiredKeys: [] }),
  ewc: fc.record({ lambda: swept, layer_norm: fc.boolean() }, { requiredKeys: [] }),
  lwf: fc.record({ lambda: swept, temperature: ratio }, { requiredKeys: [] }),
  lrc: fc.record({ decay: fc.double({ min: 0.01, max: 1, noNaN: true }) }, { requiredKeys: [] }),
};
const entry = fc.oneof(
  fc.constantFrom('ndt', 'sdt', ...PART_NAMES),
  fc.record(part, { requiredKeys: [] }).filter((parts) => Object.keys(parts).length > 0),
  fc.record({ gem: fc.record({ ratio }) }),
);
const positive = fc.integer({ min: 1, max: 4096 });

/** Project files with any of their keys, all of them right. */
const projectFile = fc
  .record(
    {
      name: word,
      base_model: word,
      target_corpus: word,
      source_corpus: fc.oneof(
        word,
        fc.record(
          { evaluation: word, rehearsal: word, fisher: word },
          { requiredKeys: ['evaluation'] },
        ),
      ),
      strategies: fc.array(entry, { minLength: 1, maxLength: 4 }),
      seeds: fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 4 }),
      training: fc.record(
        {
          learning_rate: fc.double({ min: 1e-9, max: 1, noNaN: true }),
          max_steps: positive,
          whole_word_mask: fc.boolean(),
          packing: fc.constantFrom('document', 'concatenate'),
          adam_epsilon: fc.double({ min: 1e-12, max: 1e-3, noNaN: true }),
          dropout: fc.double({ min: 0, max: 0.9, noNaN: true }).map((value) => value + 0),
          forgetting_guard: fc.record(
            { max_forgetting: ratio, action: fc.constantFrom('stop', 'rollback') },
            { requiredKeys: ['max_forgetting'] },
          ),
        },
        { requiredKeys: [] },
      ),
      selection: fc.record({ max_steps: positive, seed: fc.nat(9) }, { requiredKeys: [] }),
      rehearsal: fc.record({ policy: fc.constantFrom('uniform', 'by_document') }),
      fisher: fc.record({ variant: fc.constantFrom('batch', 'per_sequence'), seed: fc.nat(9) }),
      evaluation: fc.record({ max_tokens: positive }),
      engine: fc.constantFrom('auto', 'cpu', 'webgpu', 'tensorflow'),
      threads: positive,
    },
    { requiredKeys: ['name', 'base_model', 'target_corpus', 'source_corpus'] },
  )
  .map((given) => projectFileSchema.parse(given));

/** Entries in one way of writing: `ewc`, `ewc: {}` and `ewc: {lambda: [100]}` mean the same. */
const meaning = (project: ProjectFile) => ({
  ...project,
  strategies: project.strategies.map(meaningOf),
});

describe('a draft and its project file', () => {
  it('mean the same, whichever comes first', () => {
    fc.assert(
      fc.property(projectFile, (project) => {
        const input = projectInput(draftOf(project));
        expect(meaning(projectFileSchema.parse(input))).toEqual(meaning(project));
        expect(projectInput(draftOf(projectFileSchema.parse(input)))).toEqual(input);
      }),
      { numRuns: 60 },
    );
  });

  it('survive being written as text and read again, and being stored', () => {
    fc.assert(
      fc.property(projectFile, (project) => {
        const draft = draftOf(project);
        expect(draftSchema.parse(JSON.parse(JSON.stringify(draft)))).toEqual(draft);
        const input = projectInput(draft);
        // What the schema cannot know, such as strategies named twice, is found in the text as well.
        const parsed = parseProjectText(projectText(input), 'yaml');
        if ('project' in parsed) expect(parsed.project).toEqual(projectFileSchema.parse(input));
        else
          expect(parsed.problems.every(({ what }) => /twice|means the same/.test(what))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

const complete = (change: Partial<Draft> = {}): Draft => ({
  ...emptyDraft(),
  name: 'pilot',
  baseModel: 'bert',
  targetCorpus: 'notes',
  source: { evaluation: 'wiki', isApart: false, rehearsal: '', fisher: '' },
  ...change,
});

describe('what a draft writes', () => {
  it('leaves out what has its default', () => {
    const settings = {
      'training.learning_rate': '0.00005',
      'training.weight_decay': ' ',
      engine: 'auto',
    };
    expect(projectInput(complete({ settings }))).toEqual({
      name: 'pilot',
      base_model: 'bert',
      target_corpus: 'notes',
      source_corpus: 'wiki',
      strategies: ['ndt', 'sdt'],
      seeds: [1],
    });
  });

  it('reads lists of numbers however they are parted', () => {
    const strategies = [
      strategyDraft(false, { ewc: { lambda: '10, 100;1e3' } }),
      strategyDraft(false, { ewc: { lambda: '7' }, rh: { ratio: '0.5', lambda: '' } }),
      strategyDraft(false, { lwf: { temperature: '1' } }),
    ];
    expect(projectInput(complete({ strategies, seeds: '1,2  3' }))).toMatchObject({
      strategies: [
        { ewc: { lambda: [10, 100, 1000] } },
        { rh: { ratio: 0.5 }, ewc: { lambda: 7 } },
        'lwf',
      ],
      seeds: [1, 2, 3],
    });
  });

  it('keeps what is no number, so that the schema can say so', () => {
    const input = projectInput(complete({ seeds: '1 two', settings: { threads: 'many' } }));
    expect(input).toMatchObject({ seeds: [1, 'two'], threads: 'many' });
    expect(projectFileSchema.safeParse(input).success).toBe(false);
  });

  it('keeps the guard that is switched off out of the file and in the draft', () => {
    const guard = { isOn: false, maxForgetting: '0.2', action: 'rollback' } as const;
    expect(projectInput(complete({ guard }))).not.toHaveProperty('training');
    expect(projectInput(complete({ guard: { ...guard, isOn: true } }))).toMatchObject({
      training: { forgetting_guard: { max_forgetting: 0.2, action: 'rollback' } },
    });
  });

  it('uses the suggested name only where none was given', () => {
    expect(projectInput(complete({ name: ' ' }), 'notes-2')).toMatchObject({ name: 'notes-2' });
    expect(projectInput(complete(), 'notes-2')).toMatchObject({ name: 'pilot' });
  });

  it('writes numbers and strengths in one line', () => {
    const strategies = [strategyDraft(true), strategyDraft(false, { ewc: { lambda: '10 100' } })];
    expect(projectText(projectInput(complete({ strategies, seeds: '1 2' })))).toBe(
      [
        'name: pilot',
        'base_model: bert',
        'target_corpus: notes',
        'source_corpus: wiki',
        'strategies:',
        '  - ndt',
        '  - ewc:',
        '      lambda: [10, 100]',
        'seeds: [1, 2]',
        '',
      ].join('\n'),
    );
  });
});

describe('an untouched draft', () => {
  it('is one that differs in nothing a person chose', () => {
    expect(isUntouched(emptyDraft())).toBe(true);
    expect(isUntouched({ ...emptyDraft(), step: 'source', reached: 3 })).toBe(true);
    expect(isUntouched({ ...emptyDraft(), seeds: '2' })).toBe(false);
    expect(isUntouched({ ...emptyDraft(), strategies: [strategyDraft(false)] })).toBe(false);
  });
});

describe('the help of settings', () => {
  it('has a line on every setting of the schema, and none on others', () => {
    expect(SETTINGS.filter(({ line }) => line === '').map(({ path }) => path)).toEqual([]);
    expect(Object.keys(HELP).sort()).toEqual(SETTINGS.map(({ path }) => path).sort());
    for (const name of PART_NAMES) {
      expect(Object.keys(PART_HELP[name] ?? {}).sort()).toEqual(
        PART_SETTINGS[name].map(({ path }) => path).sort(),
      );
    }
  });

  it('says what leaving a setting without default out means', () => {
    const open = SETTINGS.filter(({ standard }) => standard === undefined);
    expect(open.filter(({ whenEmpty }) => whenEmpty === undefined)).toEqual([]);
  });
});
