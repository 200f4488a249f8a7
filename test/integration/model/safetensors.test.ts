import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { openSafetensors, writeSafetensors } from '../../../core/model/safetensors.ts';
import type { TensorToWrite } from '../../../core/model/safetensors.ts';
import { ELEMENT_BYTES } from '../../../core/model/tensors.ts';
import type { ElementType } from '../../../core/model/tensors.ts';
import { temporaryFolder } from '../../fixtures/modelFolders.ts';

const elementType = fc.constantFrom(...(Object.keys(ELEMENT_BYTES) as ElementType[]));
const tensor = fc
  .tuple(fc.string(), elementType, fc.array(fc.nat(4), { maxLength: 3 }))
  .filter(([name]) => name !== '__metadata__')
  .chain(([name, type, shape]) => {
    const length = shape.reduce((a, b) => a * b, 1) * ELEMENT_BYTES[type];
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => ({
      name,
      type,
      shape,
      bytes: (): Uint8Array => bytes,
    }));
  });
const tensors = fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 8 });

async function readAll(path: string): Promise<Map<string, Uint8Array>> {
  const file = await openSafetensors(path);
  try {
    const all = new Map<string, Uint8Array>();
    for (const entry of file.tensors.values()) all.set(entry.name, await entry.read());
    return all;
  } finally {
    await file.close();
  }
}

const small: TensorToWrite[] = [
  { name: 'a', type: 'F32', shape: [2], bytes: () => Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 64) },
  { name: 'b', type: 'U8', shape: [3], bytes: () => Uint8Array.of(1, 2, 3) },
];

test('what is written is read back, bit for bit', async () => {
  const path = join(await temporaryFolder(), 'model.safetensors');
  await fc.assert(
    fc.asyncProperty(tensors, async (list) => {
      await writeSafetensors(path, list, { format: 'pt', note: 'é' });
      const read = await readAll(path);
      expect(read.size).toBe(list.length);
      for (const { name, bytes } of list) expect(read.get(name)).toEqual(bytes());
    }),
    { numRuns: 50 },
  );
});

test('the layout is that of the reference implementation', async () => {
  const path = join(await temporaryFolder(), 'model.safetensors');
  await writeSafetensors(path, small.toReversed());
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE(0));
  expect(length % 8).toBe(0);
  // As safetensors 0.8.0 for Python writes these two tensors: wide types first, padded with spaces.
  expect(
    bytes
      .subarray(8, 8 + length)
      .toString()
      .trimEnd(),
  ).toBe(
    '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}',
  );
});

test('a write that fails leaves neither a file nor a temporary one', async () => {
  const folder = await temporaryFolder();
  const broken = { ...small[0], bytes: () => Promise.reject(new Error('stick unplugged')) };
  await expect(writeSafetensors(join(folder, 'x.safetensors'), [broken])).rejects.toThrow(
    'unplugged',
  );
  expect(await readdir(folder)).toEqual([]);
});

describe('a hostile file is refused', () => {
  async function refusal(change: (path: string) => Promise<void>): Promise<string> {
    const path = join(await temporaryFolder(), 'model.safetensors');
    await writeSafetensors(path, small);
    await change(path);
    const opening = openSafetensors(path);
    await expect(opening).rejects.toThrow(UserError);
    return opening.then(
      () => '',
      (error: unknown) => String(error),
    );
  }
  const headerLength = (length: bigint) => async (path: string) => {
    const bytes = await readFile(path);
    bytes.writeBigUInt64LE(length, 0);
    await writeFile(path, bytes);
  };

  test('when it is empty or shorter than the length of its header', async () => {
    expect(await refusal((path) => truncate(path, 0))).toMatch(/0 bytes/);
    expect(await refusal((path) => truncate(path, 7))).toMatch(/7 bytes/);
  });

  test('when its header or its data is cut', async () => {
    expect(await refusal((path) => truncate(path, 40))).toMatch(/ends before/);
    expect(
      await refusal(async (path) => truncate(path, (await readFile(path)).length - 1)),
    ).toMatch(/tensor "b" ends at byte 11 of 10 bytes/);
  });

  test('when it announces a header beyond the file, or beyond all reason', async () => {
    expect(await refusal(headerLength(5_000n))).toMatch(/5000 bytes but ends before/);
    expect(await refusal(headerLength(100_000_001n))).toMatch(/at most 100 MB/);
    expect(await refusal(headerLength(2n ** 64n - 1n))).toMatch(/at most 100 MB/);
  });

  test('when its header is not UTF-8', async () => {
    const change = async (path: string): Promise<void> => {
      const bytes = await readFile(path);
      bytes[12] = 0xff;
      await writeFile(path, bytes);
    };
    expect(await refusal(change)).toMatch(/not UTF-8/);
  });
});

test('changed bytes make nothing but an answer or a UserError, and no buffer larger than the file', async () => {
  const path = join(await temporaryFolder(), 'model.safetensors');
  await writeSafetensors(path, small);
  const original = await readFile(path);
  const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Buffer.from(original);
      for (const [position, value] of changes) bytes[position] = value;
      await writeFile(path, bytes);
      try {
        const sizes = [...(await readAll(path)).values()].map((data) => data.length);
        expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(original.length);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 300 },
  );
});
