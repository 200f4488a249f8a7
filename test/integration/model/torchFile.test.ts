import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { readFloat32 } from '../../../core/model/tensors.ts';
import { openTorchFile } from '../../../core/model/torchFile.ts';
import { temporaryFolder } from '../../fixtures/modelFolders.ts';

/** Files that torch.save wrote and their values as PyTorch printed them (make.py in the folder). */
const fixtures = join(import.meta.dirname, '../../fixtures/torch');
type Golden = Record<string, { shape: number[]; values: number[] }>;

test('tensors of every kind have the shapes and values that PyTorch gave them', async () => {
  const golden = JSON.parse(await readFile(join(fixtures, 'tensors.json'), 'utf8')) as Golden;
  const file = await openTorchFile(join(fixtures, 'tensors.bin'));
  try {
    expect([...file.tensors.keys()].sort()).toEqual(Object.keys(golden).sort());
    for (const tensor of file.tensors.values()) {
      expect(tensor.shape).toEqual(golden[tensor.name].shape);
      const values =
        tensor.type === 'I64'
          ? Array.from(new BigInt64Array((await tensor.read()).buffer), Number)
          : Array.from(await readFloat32(tensor));
      expect(values).toEqual(golden[tensor.name].values);
    }
  } finally {
    await file.close();
  }
});

test('a pickle that asks for anything but tensors is refused by name and never run', async () => {
  const opening = openTorchFile(join(fixtures, 'hostile.bin'));
  await expect(opening).rejects.toThrow(/asks for "posix\.system"/);
  await expect(opening).rejects.toMatchObject({ code: 'model/pickle-refused' });
});

test('a file from before the ZIP format is refused with a way out', async () => {
  const opening = openTorchFile(join(fixtures, 'legacy.bin'));
  await expect(opening).rejects.toThrow(UserError);
  await expect(opening).rejects.toThrow(/not in PyTorch's ZIP format/);
});

test('changed bytes make nothing but tensors or a UserError', async () => {
  const original = await readFile(join(fixtures, 'tensors.bin'));
  const path = join(await temporaryFolder(), 'pytorch_model.bin');
  const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      const bytes = Buffer.from(original);
      for (const [position, value] of changes) bytes[position] = value;
      await writeFile(path, bytes);
      try {
        const file = await openTorchFile(path);
        try {
          for (const tensor of file.tensors.values()) {
            expect((await tensor.read()).length).toBeLessThan(original.length);
          }
        } finally {
          await file.close();
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 500 },
  );
});
