import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { parseSafetensorsHeader } from '../../../core/model/safetensorsHeader.ts';

const parse = (header: unknown, dataLength: number): unknown =>
  parseSafetensorsHeader(
    typeof header === 'string' ? header : JSON.stringify(header),
    dataLength,
    'model.safetensors',
  );
const tensor = (begin: number, end: number, extra: object = {}): object => ({
  dtype: 'F32',
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
  ...extra,
});

describe('a header is accepted', () => {
  test('with its tensors in any order, empty ones and scalars among them', () => {
    const header = {
      __metadata__: { format: 'pt' },
      second: tensor(8, 16),
      first: { dtype: 'BF16', shape: [2, 2], data_offsets: [0, 8] },
      empty: { dtype: 'F32', shape: [0, 7], data_offsets: [8, 8] },
      scalar: { dtype: 'I64', shape: [], data_offsets: [16, 24] },
    };
    expect(parse(header, 24)).toEqual({
      metadata: { format: 'pt' },
      entries: [
        { name: 'second', type: 'F32', shape: [2], begin: 8, end: 16 },
        { name: 'first', type: 'BF16', shape: [2, 2], begin: 0, end: 8 },
        { name: 'empty', type: 'F32', shape: [0, 7], begin: 8, end: 8 },
        { name: 'scalar', type: 'I64', shape: [], begin: 16, end: 24 },
      ],
    });
  });

  test('with the trailing spaces that align its data', () => {
    expect(parse('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}    ', 1)).toBeDefined();
  });
});

describe('a header is refused, by name of the file and the tensor', () => {
  const cases: readonly (readonly [what: string, header: unknown, bytes: number, says: RegExp])[] =
    [
      ['not JSON', '{"a":', 0, /not JSON/],
      ['not an object', '[1]', 0, /not a JSON object/],
      ['metadata that are no strings', { __metadata__: { a: 1 } }, 0, /metadata/],
      ['an unknown element type', { a: tensor(0, 4, { dtype: 'F31' }) }, 4, /"a".*F31/],
      ['a negative size', { a: tensor(0, 4, { shape: [-1] }) }, 4, /"a"/],
      ['a fractional size', { a: tensor(0, 4, { shape: [0.5] }) }, 4, /"a"/],
      [
        'sizes whose product overflows',
        { a: tensor(0, 4, { shape: [2 ** 40, 2 ** 40] }) },
        4,
        /"a"/,
      ],
      [
        'a byte count that is not the shape’s',
        { a: tensor(0, 4, { shape: [2] }) },
        4,
        /"a".*8 bytes/,
      ],
      ['an end before the beginning', { a: tensor(4, 0, { shape: [1] }) }, 4, /"a"/],
      ['offsets beyond the file', { a: tensor(0, 4), b: tensor(4, 12) }, 8, /"b".*byte 12 of 8/],
      ['overlapping tensors', { a: tensor(0, 8), b: tensor(4, 12) }, 12, /"b" overlaps/],
      ['a hole', { a: tensor(0, 4), b: tensor(8, 12) }, 12, /4 bytes before tensor "b"/],
      ['bytes after the last tensor', { a: tensor(0, 4) }, 6, /2 bytes at its end/],
      ['offsets that are missing', { a: { dtype: 'F32', shape: [1] } }, 4, /"a"/],
      ['deep nesting', `{"a":${'['.repeat(1e5)}`, 0, /nests too deeply/],
      [
        'a name that occurs twice',
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        2,
        /names "a" twice/,
      ],
    ];
  test.each(cases)('%s', (_, header, bytes, says) => {
    expect(() => parse(header, bytes)).toThrow(UserError);
    expect(() => parse(header, bytes)).toThrow(says);
    expect(() => parse(header, bytes)).toThrow(/model\.safetensors/);
  });
});

test('no text at all makes anything but an answer or a UserError', () => {
  const pieces = fc.constantFrom(
    ...['{', '}', '[', ']', '"', ':', ',', '\\', 'a', '0', '9e99', '-1', ' '],
    ...['"dtype":"F32"', '"shape":[1]', '"data_offsets":[0,4]', '"__metadata__":{}', '"__proto__"'],
  );
  fc.assert(
    fc.property(fc.array(pieces), fc.nat(16), (parts, bytes) => {
      try {
        parse(parts.join(''), bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 500 },
  );
});
