import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import type { ReadableFile } from '../../../core/model/fileAccess.ts';
import { readZipDirectory } from '../../../core/model/zipArchive.ts';

/** Made by torch.save (test/fixtures/torch/make.py). */
const archive = new Uint8Array(
  readFileSync(join(import.meta.dirname, '../../fixtures/torch/tensors.bin')),
);

function inMemory(bytes: Uint8Array): ReadableFile {
  return {
    path: 'tensors.bin',
    size: bytes.length,
    read: async (position, length) => {
      if (position + length > bytes.length) throw new UserError('file/truncated', 'ends', '');
      return bytes.slice(position, position + length);
    },
    close: async () => {},
  };
}

test('the entries of an archive are found and read', async () => {
  const entries = await readZipDirectory(inMemory(archive));
  expect([...entries.keys()]).toContain('tensors/data.pkl');
  const version = await entries.get('tensors/version')?.read();
  expect(new TextDecoder().decode(version)).toBe('3\n');
});

test('an archive cut anywhere is refused', async () => {
  for (const length of [0, 4, 30, 1000, archive.length - 1]) {
    const cut = inMemory(archive.slice(0, length));
    await expect(readZipDirectory(cut)).rejects.toThrow(UserError);
  }
});

test('a compressed entry is refused by name', async () => {
  const changed = archive.slice();
  const directory = new DataView(changed.buffer).getUint32(changed.length - 22 + 16, true);
  changed[directory + 10] = 8;
  const opening = readZipDirectory(inMemory(changed));
  await expect(opening).rejects.toThrow(/"tensors\/data\.pkl" is compressed/);
});

test('changed bytes make nothing but an answer or a UserError', async () => {
  const change = fc.tuple(fc.nat(archive.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), async (changes) => {
      const changed = archive.slice();
      for (const [position, value] of changes) changed[position] = value;
      try {
        const entries = await readZipDirectory(inMemory(changed));
        for (const entry of entries.values()) await entry.read();
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
  );
});
