import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { readPickle } from '../../../core/model/pickle.ts';
import type { PickleValue } from '../../../core/model/pickle.ts';

/** `%xx` stands for a byte, everything else for its ASCII code. */
const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/%[0-9a-f]{2}|[\s\S]/g) ?? [], (part) =>
    part.length === 3 ? parseInt(part.slice(1), 16) : part.charCodeAt(0),
  );

const read = (pickle: Uint8Array): PickleValue =>
  readPickle(pickle, {
    file: 'pytorch_model.bin',
    allows: (name) => name === 'collections.OrderedDict',
    call: () => new Map(),
    persistent: (id) => ({ kind: 'object', value: id }),
  });

describe('a pickle of plain values', () => {
  // Written by CPython 3.11: pickle.dumps(value, protocol) of the value named.
  test.each([
    [
      '%80%02}q%00(X%01%00%00%00aq%01K%01X%01%00%00%00bq%02M%2c%01u.',
      new Map([
        ['a', 1],
        ['b', 300],
      ]),
    ],
    ['%80%02J%fe%ff%ff%ffK%07%86q%00.', [-2, 7]],
    ['%80%02%8a%05%00%00%00%00%01.', 2 ** 32],
    ['%80%02]q%00(%88%89NG?%f8%00%00%00%00%00%00e.', [true, false, null, 1.5]],
    ['%80%04%95%09%00%00%00%00%00%00%00%8c%01x%94h%00%86%94.', ['x', 'x']],
  ])('%s', (text, value) => {
    expect(read(bytes(text))).toEqual(value);
  });
});

describe('a pickle is refused', () => {
  test.each([
    [
      'a global that is not allowed',
      '%80%02cposix\nsystem\nX%02%00%00%00ls%85R.',
      /"posix\.system"/,
    ],
    ['one named on the stack', '%80%04%8c%08builtins%8c%04eval%93.', /"builtins\.eval"/],
    ['an opcode of no use for tensors', '%80%02i__main__\nX\n.', /opcode 0x69/],
    ['the state of an object', '%80%02K%01}b.', /state of its own/],
    ['a string longer than the file', '%80%02X%ff%ff%ff%ffabc.', /damaged/],
    ['an end before its stop', '%80%02}', /damaged/],
    ['a stop with nothing made', '%80%02.', /damaged/],
    ['a memo that was never filled', '%80%02h%07.', /damaged/],
    ['a dictionary in a tuple’s place', '%80%02K%01K%01K%01s.', /damaged/],
  ])('for %s', (_, text, says) => {
    expect(() => read(bytes(text))).toThrow(UserError);
    expect(() => read(bytes(text))).toThrow(says);
  });
});

test('no bytes at all make anything but an answer or a UserError', () => {
  const opcode = fc.constantFrom(
    ...bytes('(.0KMJ%8aGN%88%89X%8c}])t%85%86%87suaeqr%94hjc%93RbQ%80%95'),
  );
  const stream = fc.array(fc.oneof({ weight: 4, arbitrary: opcode }, fc.nat(255)), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(stream, (data) => {
      try {
        read(Uint8Array.from(data));
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 2000 },
  );
});
