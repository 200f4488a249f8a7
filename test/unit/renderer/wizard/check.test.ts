import { describe, expect, it } from 'vitest';
import { checkDraft } from '../../../../renderer/lib/wizard/check.ts';
import type { Known } from '../../../../renderer/lib/wizard/check.ts';
import { emptyDraft, projectInput, strategyDraft } from '../../../../renderer/lib/wizard/draft.ts';
import {
  combinationsOf,
  consequencesOf,
  countRuns,
  describeRuns,
  strategyOf,
} from '../../../../renderer/lib/wizard/plan.ts';
import { PRESETS, presetOf, withPreset } from '../../../../renderer/lib/wizard/presets.ts';
import { readProjectText } from '../../../../renderer/lib/wizard/readFile.ts';
import { SAMPLE_CORPORA, SAMPLE_MODELS } from '../../../../renderer/gallery/sampleData.ts';
import type { Corpus, Model } from '../../../../core/workbench/contract.ts';
import { projectFileSchema } from '../../../../core/workbench/projectFile.ts';

function named<Item>(items: readonly Item[], change: Partial<Item>): Item {
  const [first] = items;
  if (first === undefined) throw new Error('there are no samples');
  return { ...first, ...change };
}
const model: Model = named<Model>(SAMPLE_MODELS, {
  id: 'model-1',
  name: 'bert',
  maxSeqLength: 512,
});
const corpus = (name: string, train = 8, validation = 1, test = 1): Corpus =>
  named<Corpus>(SAMPLE_CORPORA, {
    id: `corpus-${name}`,
    name,
    splitDocuments: { train, validation, test },
  });
const known: Known = {
  models: [model],
  corpora: [corpus('notes'), corpus('wiki'), corpus('held-out', 0), corpus('tiny', 1, 0, 0)],
};
const right = { name: 'p', base_model: 'bert', target_corpus: 'notes', source_corpus: 'wiki' };
const found = (change: object): readonly string[] =>
  checkDraft({ ...right, ...change }, known).problems.map(
    ({ step, path, isMissing }) => `${step} ${path.join('.')}${isMissing ? ' missing' : ''}`,
  );

describe('the check of a draft', () => {
  it('finds nothing in a right one', () => {
    expect(checkDraft(right, known).problems).toEqual([]);
  });

  it('sends each problem to the step that mends it', () => {
    expect(
      checkDraft(projectInput(emptyDraft()), known)
        .problems.map(({ step }) => step)
        .sort(),
    ).toEqual(['model', 'review', 'source', 'target']);
    expect(found({ training: { learning_rate: 'fast' } })).toEqual([
      'settings training.learning_rate',
    ]);
    expect(found({ training: { forgetting_guard: {} } })).toEqual([
      'strategies training.forgetting_guard.max_forgetting missing',
    ]);
    expect(found({ strategies: [{ ewc: { lambda: [1, -1] } }] })).toEqual([
      'strategies strategies.0.ewc.lambda.1',
    ]);
    expect(found({ strategies: [] })).toEqual(['strategies strategies']);
  });

  it('knows names that nothing has, as soon as the lists are read', () => {
    expect(found({ base_model: 'gpt' })).toEqual(['model base_model']);
    expect(found({ source_corpus: { evaluation: 'wiki', fisher: 'books' } })).toEqual([
      'source source_corpus.fisher',
    ]);
    const unread = { models: undefined, corpora: undefined };
    expect(checkDraft({ ...right, base_model: 'gpt' }, unread).problems).toEqual([]);
  });

  it('takes a model by its id or folder too', () => {
    expect(found({ base_model: 'model-1' })).toEqual([]);
    expect(found({ base_model: model.folder })).toEqual([]);
  });

  it('misses the use of the source that a strategy needs', () => {
    expect(found({ source_corpus: { evaluation: 'wiki' }, strategies: ['ndt', 'ewc'] })).toEqual([
      'source source_corpus.fisher missing',
    ]);
  });

  it('knows what the model and the corpora do not allow', () => {
    expect(found({ source_corpus: 'notes' })).toEqual(['source source_corpus']);
    expect(found({ training: { max_seq_length: 1024 } })).toEqual([
      'settings training.max_seq_length',
    ]);
    expect(found({ target_corpus: 'tiny' })).toEqual(['target target_corpus']);
    expect(found({ source_corpus: 'held-out' })).toEqual([]);
    expect(found({ source_corpus: 'held-out', strategies: ['rh'] })).toEqual([
      'source source_corpus',
    ]);
  });
});

describe('what strategies lead to', () => {
  it('counts NDT once, the others with each seed, and the runs that choose', () => {
    const project = projectFileSchema.parse({
      ...right,
      strategies: ['ndt', 'sdt', { ewc: { lambda: [1, 2, 3] }, rh: { lambda: [1, 2] } }],
      seeds: [1, 2, 3],
    });
    expect(countRuns(project)).toEqual({ results: 7, choosing: 6 });
    expect(describeRuns({ results: 7, choosing: 6 })).toBe('7 runs, and 6 more to choose λ');
    expect(describeRuns({ results: 1, choosing: 0 })).toBe('1 run');
  });

  it('says how much source text a step reads and an estimate needs', () => {
    const facts = { batch: 32, fisherSequences: 1000 };
    const entry = strategyDraft(false, { rh: { ratio: '0.5' }, ewc: {} });
    expect(strategyOf(entry)).toBe('rh+ewc');
    expect(consequencesOf(entry, facts)).toContain('16 source sequences beside 32');
    expect(consequencesOf(entry, facts)).toContain('1,000 source sequences');
    expect(
      combinationsOf(strategyDraft(false, { ewc: { lambda: '1 2' }, l2: { lambda: '3,4,5' } })),
    ).toBe(6);
  });
});

describe('presets', () => {
  it('replace what they decide and nothing else', () => {
    const own = { 'training.max_steps': '7', 'training.weight_decay': '0.01' };
    for (const preset of PRESETS) {
      const settings = withPreset(own, preset);
      expect(presetOf(settings)).toBe(preset);
      expect(settings['training.weight_decay']).toBe('0.01');
    }
    expect(presetOf(own)).toBeUndefined();
  });

  it('are right settings', () => {
    for (const { settings } of PRESETS) {
      const input = projectInput({ ...emptyDraft(), settings });
      expect(projectFileSchema.safeParse({ ...input, ...right }).success).toBe(true);
    }
  });
});

describe('a file that a person gives', () => {
  it('is read when it is text of a page or so', async () => {
    await expect(readProjectText(new Blob(['name: p']))).resolves.toEqual({ text: 'name: p' });
    const binary = await readProjectText(new Blob([new Uint8Array([0xff, 0xfe, 0x00])]));
    expect(binary.failure).toContain('UTF-8');
    const large = await readProjectText(new Blob([new Uint8Array((1 << 20) + 1)]));
    expect(large.failure).toContain('1.0 MB');
  });
});
