import { expect, test } from 'vitest';
import { fewDocumentsText } from '../../../../renderer/lib/wizard/fewDocuments.ts';

test('few documents are said to make wide intervals, and almost none to make no interval', () => {
  for (const documents of [0, 1, 5]) {
    expect(fewDocumentsText(documents)).toMatch(/^Fewer than 6 test documents give no interval/);
  }
  for (const documents of [6, 199]) {
    expect(fewDocumentsText(documents)).toMatch(/^So few documents make wide intervals/);
  }
  expect(fewDocumentsText(200)).toBeUndefined();
});
