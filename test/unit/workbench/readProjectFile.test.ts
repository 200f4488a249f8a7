import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import {
  LARGEST_PROJECT_FILE_BYTES,
  parseProjectFile,
  readProjectFile,
} from '../../../core/workbench/readProjectFile.ts';

const ENOUGH = 'name: pilot\nbase_model: bert\ntarget_corpus: notes\nsource_corpus: wiki\n';

function failure(text: string, path = 'pilot.yaml'): UserError {
  try {
    parseProjectFile(text, path);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`No error for ${text}`);
}

describe('a right project file', () => {
  it('gets the defaults of every key left out', () => {
    const project = parseProjectFile(ENOUGH, 'pilot.yaml');
    expect(project.strategies).toEqual(['ndt', 'sdt']);
    expect(project.seeds).toEqual([1]);
    expect(project.training).toMatchObject({
      learning_rate: 5e-5,
      per_device_train_batch_size: 32,
      max_seq_length: 128,
      mlm_probability: 0.15,
      lr_scheduler_type: 'linear',
      max_grad_norm: 1,
    });
  });

  it('reads exponents, comments and uses of the source corpus', () => {
    const project = parseProjectFile(
      `# pilot
name: pilot
base_model: bert
target_corpus: notes
source_corpus:
  evaluation: wiki # held out
  rehearsal: books
training:
  learning_rate: 3e-5
`,
      'pilot.yml',
    );
    expect(project.source_corpus).toEqual({ evaluation: 'wiki', rehearsal: 'books' });
    expect(project.training.learning_rate).toBe(3e-5);
  });

  it('means the same as JSON and as YAML', () => {
    const name = fc.string({ minLength: 1, maxLength: 20 });
    const project = fc.record({
      name,
      base_model: name,
      target_corpus: name,
      source_corpus: name,
      seeds: fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 4 }),
      training: fc.record({
        learning_rate: fc.double({ min: 1e-9, max: 1, noNaN: true }),
        max_steps: fc.integer({ min: 1, max: 1e9 }),
      }),
    });
    fc.assert(
      fc.property(project, (value) => {
        const fromJson = parseProjectFile(JSON.stringify(value, null, '\t'), 'p.json');
        expect(parseProjectFile(stringify(value), 'p.yaml')).toEqual(fromJson);
        expect(fromJson).toMatchObject(value);
      }),
    );
  });
});

describe('an unknown key', () => {
  it.each([
    [
      'training:\n  lr: 3e-5\n',
      'training has the unknown key "lr" (line 6, column 3)',
      '"learning_rate"?',
    ],
    [
      'lr: 3e-5\n',
      'the key "lr" is unknown (line 5, column 1)',
      '"learning_rate" under "training"?',
    ],
    [
      'learning_rate: 1e-5',
      'the key "learning_rate" is unknown',
      '"learning_rate" under "training"?',
    ],
    ['training: { batch_size: 8 }', 'unknown key "batch_size"', '"per_device_train_batch_size"?'],
    ['training: { warmup_step: 8 }', 'unknown key "warmup_step"', '"warmup_steps"?'],
    ['training: { learningRate: 1 }', 'unknown key "learningRate"', '"learning_rate"?'],
    ['training: { seeds: [1] }', 'unknown key "seeds"', '"seeds" at the top level?'],
    ['seed: 3', 'the key "seed" is unknown', '"seeds"?'],
    ['strategy: sdt', 'the key "strategy" is unknown', '"strategies"?'],
    ['evaluation: { maxtokens: 5 }', 'unknown key "maxtokens"', '"max_tokens"?'],
    ['quux: 1', 'the key "quux" is unknown', 'The keys of a project file are name, base_model,'],
  ])('%s', (text, what, hint) => {
    const error = failure(ENOUGH + text);
    expect(error.code).toBe('project/unknown-key');
    expect(error.message).toContain(what);
    expect(error.hint).toContain(hint);
  });

  it('is named before the key that is missing for it', () => {
    const error = failure(ENOUGH.replace('base_model', 'base_modle'));
    expect(error.message).toContain('the key "base_modle" is unknown (line 2, column 1)');
    expect(error.hint).toBe('Did you mean "base_model"? Also: the key base_model is missing.');
  });

  it('inside the uses of the source corpus is found there', () => {
    const text = ENOUGH.replace(': wiki', ':\n  evaluation: wiki\n  fischer: books');
    expect(failure(text).message).toContain('source_corpus has the unknown key "fischer"');
    expect(failure(text).hint).toBe('Did you mean "fisher"?');
  });
});

describe('a wrong value', () => {
  it.each([
    [
      'training: { learning_rate: 3 }',
      'learning_rate is 3 but must be a number above 0 and at most 1',
    ],
    ['training: { max_steps: 1.5 }', 'max_steps is 1.5 but must be a whole number of at least 1'],
    ['training: { max_steps: "7" }', 'max_steps is "7" but must be a whole number of at least 1'],
    ['training: { mlm_probability: 1 }', 'is 1 but must be a number above 0 and below 1'],
    ['training: { mlm_probability: .nan }', 'must be a number above 0 and below 1'],
    [
      'training: { max_seq_length: 4 }',
      'is 4 but must be a whole number of at least 8 and at most 8192',
    ],
    ['training: { whole_word_mask: yes }', 'is "yes" but must be true or false'],
    ['training: { packing: documents }', 'must be document or concatenate'],
    ['training: []', 'training is [] but must be a section of keys and values'],
    ['training:', 'training is empty but must be a section of keys and values'],
    ['strategies: [sdt, swc]', 'strategies[2] is "swc" but must be ndt'],
    ['strategies: []', 'strategies is [] but must be a list of at least 1'],
    ['strategies: [sdt, sdt]', 'strategies names "sdt" twice'],
    ['seeds: 1', 'seeds is 1 but must be a list of at least 1, each a whole number of at least 0'],
    ['seeds: [1, -1]', 'seeds[2] is -1 but must be a whole number of at least 0'],
    ['seeds: [4, 5, 4]', 'seeds names 4 twice (line 5, column 15)'],
    ['threads: 0', 'threads is 0 but must be a whole number of at least 1'],
    ['engine: cuda', 'engine is "cuda" but must be auto, cpu, webgpu or tensorflow'],
    ['evaluation: { seed: 0.5 }', 'evaluation.seed is 0.5'],
  ])('%s', (text, what) => {
    const error = failure(ENOUGH + text);
    expect(error.code).toBe('project/wrong-value');
    expect(error.message).toContain(what);
    expect(error.message).toMatch(
      /^In the project file pilot\.yaml, .*\(line \d+, column \d+\)\.$/,
    );
  });

  it.each([
    ['[{ewc: {lambda: -1}}]', 'strategies[1].ewc.lambda is -1 but must be a number of at least 0'],
    ['[{ewc: {lambda: .nan}}]', 'strategies[1].ewc.lambda is NaN but must be a number'],
    ['[{ewc: {lambda: .inf}}]', 'strategies[1].ewc.lambda is Infinity but must be a number'],
    ['[{ewc: {lambda: "10"}}]', 'strategies[1].ewc.lambda is "10" but must be a number'],
    ['[{ewc: {lambda: "1, 10"}}]', 'strategies[1].ewc.lambda is "1, 10" but must be a number'],
    ['[{ewc: {lambda: []}}]', 'strategies[1].ewc.lambda is [] but must be a number'],
    ['[{ewc: {lambda: [1, -1]}}]', 'strategies[1].ewc.lambda[2] is -1 but must be a number of at'],
    ['[{ewc: {lambda: [1, .nan]}}]', 'strategies[1].ewc.lambda[2] is NaN but must be a number'],
    ['[{ewc: {lambda: [5, 1, 5]}}]', 'strategies[1].ewc.lambda names 5 twice'],
    [
      '[{rh: {ratio: 9}}]',
      'strategies[1].rh.ratio is 9 but must be a number above 0 and at most 4',
    ],
    ['[sdt, {}]', 'strategies[2] names no part'],
    ['[{rh: {}, gem: {}}]', 'strategies[1] has both rh and gem, which each spend the source batch'],
    ['[ewc, sdt, {ewc: {}}]', 'strategies[3] means the same as strategies[1]'],
    ['[{ewc: {}}, {ewc: {lambda: [100]}}]', 'strategies[2] means the same as strategies[1]'],
    ['[{rh: {}, ewc: {}}, {ewc: {}, rh: {}}]', 'strategies[2] means the same as strategies[1]'],
    ['[ewc: ]', 'strategies[1].ewc is empty but must be a section of keys and values'],
    ['[3]', 'strategies[1] is 3 but must be ndt, sdt, rh, l2, ewc, gem, lwf or lrc, or a section'],
  ])('in strategies: %s', (strategies, what) => {
    const error = failure(`${ENOUGH}strategies: ${strategies}`);
    expect(error.code).toBe('project/wrong-value');
    expect(error.message).toContain(what);
    expect(error.message).toMatch(/\(line 5, column \d+\)\.$/);
  });

  it('of λ stands where it is told to, in JSON too', () => {
    const error = failure(`${ENOUGH}strategies:\n  - sdt\n  - ewc:\n      lambda: [10, 100, 10]\n`);
    expect(error.message).toContain('strategies[2].ewc.lambda names 10 twice (line 8, column 25)');
    const json = JSON.stringify({ name: 'p', base_model: 'm', target_corpus: 't' });
    const large = json.replace(
      '}',
      ', "source_corpus": "s", "strategies": [{"l2": {"lambda": 1e999}}]}',
    );
    expect(failure(large, 'p.json')).toMatchObject({
      message: expect.stringContaining('lambda is Infinity but must be a number') as string,
      hint: 'Give a finite number.',
    });
  });

  it('in more combinations than can be tried is told their number', () => {
    const values = (count: number) => JSON.stringify(Array.from({ length: count }, (_, n) => n));
    const strategies = `[{rh: {lambda: ${values(11)}}, ewc: {lambda: ${values(10)}}}]`;
    expect(failure(`${ENOUGH}strategies: ${strategies}`).message).toContain(
      'strategies[1] means 110 combinations of values, more than 100',
    );
    const fewer = `[{rh: {lambda: ${values(10)}}, ewc: {lambda: ${values(10)}}}]`;
    expect(parseProjectFile(`${ENOUGH}strategies: ${fewer}`, 'p.yaml').strategies).toHaveLength(1);
  });

  it('of a strategy gets a hint that fits', () => {
    const hintOf = (strategies: string) => failure(`${ENOUGH}strategies: ${strategies}`).hint;
    expect(hintOf('[sdt, swc]')).toBe('Did you mean "ewc"?');
    expect(hintOf('[ewc: ]')).toBe('Give its keys, or write {} for the default of each.');
    expect(hintOf('[{}]')).toContain('Write sdt for domain tuning without parts');
    expect(hintOf('[{sdt: {}}]')).toBe('Did you mean sdt as a name of its own, without settings?');
    expect(hintOf('[{ewc: {lamda: 3}}]')).toBe('Did you mean "lambda"?');
  });

  it('close to an allowed one gets a suggestion', () => {
    expect(failure(`${ENOUGH}training: { packing: documents }`).hint).toBe(
      'Did you mean "document"?',
    );
  });

  it('lists the other problems of the file too, up to a few', () => {
    const error = failure(`${ENOUGH}training: { max_steps: 0, dropout: 2 }\nthreads: 0.5`);
    expect(error.hint).toContain('training.dropout is 2');
    expect(error.hint).toContain('threads is 0.5');
    const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => `zzz${key}: 1\n`).join('');
    expect(failure(ENOUGH + many).hint).toContain('2 more problems');
  });
});

describe('what is no project file', () => {
  it.each([
    ['', 'pilot.yaml', 'project/wrong-value', 'there are no keys and values'],
    ['- a\n- b\n', 'pilot.yaml', 'project/wrong-value', 'there are no keys and values'],
    ['name: pilot\n', 'pilot.yaml', 'project/missing-key', 'the key base_model is missing'],
    [`${ENOUGH}seeds: [1, 2`, 'pilot.yaml', 'project/syntax', 'at line 5, column'],
    [`${ENOUGH}name: again`, 'pilot.yaml', 'project/syntax', 'at line 5, column 1'],
    [`${ENOUGH}threads: !!js/function x`, 'pilot.yaml', 'project/syntax', 'Unresolved tag'],
    [`${ENOUGH}threads: *nothing`, 'pilot.yaml', 'project/syntax', 'Unresolved alias'],
    ['{"name": "x",}', 'pilot.json', 'project/syntax', 'at line 1, column 14'],
    ['{\n"name": x}', 'pilot.json', 'project/syntax', "Unexpected token 'x'"],
    ['{"name": "a", "name": "b"}', 'pilot.json', 'project/syntax', 'at line 1, column 15'],
    ['', 'pilot.json', 'project/syntax', 'Unexpected end of JSON input'],
    [ENOUGH, 'pilot.json', 'project/syntax', 'name: pilo'],
  ])('%j as %s: %s', (text, path, code, sentence) => {
    const error = failure(text, path);
    expect(error.code).toBe(code);
    expect(error.message).toContain(sentence);
  });

  it('lacks a key: what the key is for is said, not its type', () => {
    const { message, hint } = failure(ENOUGH.replace(/^source_corpus.*\n/m, ''));
    expect(message).toContain('the key source_corpus is missing');
    expect(hint).toContain('corpus of general text, on which forgetting is measured');
  });

  it('does not expand aliases without end', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
      .concat(
        ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key, index) => {
          const before = 'abcdefgh'[index];
          return `${key}: &${key} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`;
        }),
      )
      .join('\n');
    expect(failure(bomb).code).toBe('project/syntax');
  });
});

describe('the file on disk', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'project-file-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is read by its path', async () => {
    const path = join(folder, 'pilot.yaml');
    await writeFile(path, ENOUGH);
    expect((await readProjectFile(path)).name).toBe('pilot');
  });

  it('may be missing, a folder, too large, or no text', async () => {
    await expect(readProjectFile(join(folder, 'none.yaml'))).rejects.toMatchObject({
      code: 'system/enoent',
    });
    await expect(readProjectFile(folder)).rejects.toMatchObject({ code: 'system/eisdir' });
    const large = join(folder, 'large.yaml');
    await writeFile(large, ' '.repeat(LARGEST_PROJECT_FILE_BYTES + 1));
    await expect(readProjectFile(large)).rejects.toMatchObject({ code: 'project/too-large' });
    const binary = join(folder, 'binary.yaml');
    await writeFile(binary, Uint8Array.of(0x6e, 0xff, 0xfe));
    await expect(readProjectFile(binary)).rejects.toMatchObject({ code: 'project/syntax' });
  });
});

describe('a hostile project file', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'with the key %s is told that there is no such key',
    (key) => {
      const text = JSON.stringify({ name: 'p' }).replace('{', `{"${key}": {"name": "x"}, `);
      expect(failure(text, 'p.json')).toMatchObject({ code: 'project/unknown-key' });
    },
  );

  it('of several documents is told where the second begins', () => {
    expect(failure(`${ENOUGH}---\nname: b\n`).message).toBe(
      'The project file pilot.yaml cannot be read at line 5, column 1: a second document begins.',
    );
  });
});
