import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import type { MlmBatch } from '../../../core/engine/types.ts';
import { parseMaskedLine } from '../../../core/headless/score/maskedLines.ts';
import type { MaskedLine } from '../../../core/headless/score/maskedLines.ts';
import { batchesOf, scoreLines, toBatch } from '../../../core/headless/score/scoreLines.ts';

const LIMITS = { vocabSize: 100, maxSequenceLength: 64, typeVocabSize: 2 };

const parse = (text: string): MaskedLine => parseMaskedLine(text, 7, 'masked.jsonl', LIMITS);

describe('a masked line', () => {
  it('has defaults for what is optional and ignores other keys', () => {
    const line = parse('{"input_ids": [2, 4, 3], "labels": [-100, 9, -100], "id": "x"}');
    expect(line).toEqual({
      line: 7,
      inputIds: [2, 4, 3],
      labels: [-100, 9, -100],
      attentionMask: [1, 1, 1],
      tokenTypeIds: undefined,
    });
  });

  it.each([
    ['nonsense', 'this is not JSON'],
    ['[1, 2]', 'this is not a JSON object'],
    ['{"labels": [1]}', 'input_ids is not a list of whole numbers'],
    ['{"input_ids": [1]}', 'labels is not a list of whole numbers'],
    ['{"input_ids": [], "labels": []}', 'input_ids is empty'],
    ['{"input_ids": [1, 2], "labels": [1]}', 'labels has the length 1, but input_ids 2'],
    [
      '{"input_ids": [1, 100], "labels": [1, 1]}',
      'input_ids[1] is 100, but must be a token id from 0 to 99',
    ],
    ['{"input_ids": [1, -1], "labels": [1, 1]}', 'input_ids[1] is -1'],
    ['{"input_ids": [1, 1.5], "labels": [1, 1]}', 'input_ids[1] is 1.5'],
    ['{"input_ids": [1, "2"], "labels": [1, 1]}', 'input_ids[1] is "2"'],
    ['{"input_ids": [1, 2], "labels": [-1, 1]}', 'labels[0] is -1, but must be -100 or a token id'],
    [
      '{"input_ids": [1], "labels": [1], "attention_mask": [2]}',
      'attention_mask[0] is 2, but must be 0 or 1',
    ],
    ['{"input_ids": [1], "labels": [1], "attention_mask": [0]}', 'attention_mask leaves no token'],
    ['{"input_ids": [1], "labels": [1], "token_type_ids": [2]}', 'token_type_ids[0] is 2'],
    [
      JSON.stringify({ input_ids: Array(65).fill(1), labels: Array(65).fill(1) }),
      'the model takes at most 64',
    ],
  ])('%s is refused', (text, reason) => {
    let error: unknown;
    try {
      parse(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: 'score/bad-line' });
    expect(String(error)).toContain('masked.jsonl, line 7: ');
    expect(String(error)).toContain(reason);
  });
});

const lines = fc
  .array(
    fc.array(fc.record({ id: fc.nat(99), label: fc.option(fc.nat(99), { nil: -100 }) }), {
      minLength: 1,
      maxLength: 64,
    }),
    { maxLength: 60 },
  )
  .map((rows) =>
    rows.map((row, index): MaskedLine => ({
      line: index + 1,
      inputIds: row.map(({ id }) => id),
      labels: row.map(({ label }) => label),
      attentionMask: row.map(() => 1),
      tokenTypeIds: undefined,
    })),
  );

/** Loss = label / 8, exact in float32, so that sums can be told apart. */
const labelSession = {
  async evaluate(batch: MlmBatch): Promise<Float32Array> {
    return Float32Array.from(batch.labels, (label) => label / 8);
  },
};

describe('scoring', () => {
  it('gives each line its own sum and count, in order', async () => {
    await fc.assert(
      fc.asyncProperty(lines, async (given) => {
        async function* stream(): AsyncGenerator<MaskedLine> {
          yield* given;
        }
        const scores = await scoreLines(labelSession, stream(), 0, 64, () => {});
        expect(scores).toEqual(
          given.map(({ line, labels }) => {
            const scored = labels.filter((label) => label !== -100);
            return { line, count: scored.length, sum: scored.reduce((a, b) => a + b / 8, 0) };
          }),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('puts every line in one batch, none longer than the model takes', () => {
    fc.assert(
      fc.property(lines, (given) => {
        const batches = batchesOf(given, 64);
        expect(batches.flat().length).toBe(given.length);
        expect(new Set(batches.flat()).size).toBe(given.length);
        for (const rows of batches) {
          const lengths = rows.map(({ inputIds }) => Math.ceil(inputIds.length / 16));
          expect(new Set(lengths).size).toBe(1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps padding on either side out of attention', () => {
    const rows: MaskedLine[] = [
      { line: 1, inputIds: [5, 6], labels: [-100, 8], attentionMask: [1, 1], tokenTypeIds: [0, 1] },
      {
        line: 2,
        inputIds: [0, 7, 9],
        labels: [-100, 3, -100],
        attentionMask: [0, 1, 1],
        tokenTypeIds: undefined,
      },
    ];
    const batch = toBatch(rows, 4, 1);
    expect([...batch.inputIds]).toEqual([5, 6, 1, 1, 0, 7, 9, 1]);
    expect([...batch.attentionMask]).toEqual([1, 1, 0, 0, 0, 1, 1, 0]);
    expect([...(batch.tokenTypeIds ?? [])]).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect([...batch.positions]).toEqual([1, 5]);
    expect([...batch.labels]).toEqual([8, 3]);
  });
});
