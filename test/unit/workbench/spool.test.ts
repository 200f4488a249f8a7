import fc from 'fast-check';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newCallId, parseSpoolName, spoolFilesOf } from '../../../core/workbench/spool.ts';

describe('names in the spool folder', () => {
  it('are read back as they were made', () => {
    const id = newCallId();
    const parsed = spoolFilesOf('/spool', id).map((path) => parseSpoolName(basename(path)));
    expect(parsed.map((file) => file?.id)).toEqual(parsed.map(() => id));
    expect(new Set(parsed.map((file) => file?.kind)).size).toBe(6);
  });

  it.each([
    'request-call-aaaaaaaaaa',
    'request-call-aaaaaaaaaa.jsonl',
    'request-../../../etc/passwd.json',
    'request-call-aaaaaaaaaa.json.tmp',
    'lease-call-AAAAAAAAAA',
    '.tmp-x-request-call-aaaaaaaaaa.json',
    'shell-call-aaaaaaaaaa.json',
    '',
  ])('%s is none', (name) => {
    expect(parseSpoolName(name)).toBeUndefined();
  });

  it('of any other kind are none', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const parsed = parseSpoolName(name);
        if (parsed !== undefined) expect(name).toMatch(/^[a-z]+-call-[a-z0-9]{10}/);
      }),
    );
  });
});
