/** What the number of documents of a test split means for the intervals of a project. */
import { FEWEST_DOCUMENTS } from '../../../core/evaluation/statistics.ts';

/** Below it intervals are mostly too wide to tell strategies apart. */
const FEW = 200;

/** A sentence where documents are few; undefined where they are many. */
export function fewDocumentsText(documents: number): string | undefined {
  if (documents < FEWEST_DOCUMENTS) {
    return (
      `Fewer than ${FEWEST_DOCUMENTS} test documents give no interval, and no difference can be shown: ` +
      'import more documents, or give the test split a larger share.'
    );
  }
  if (documents < FEW) return 'So few documents make wide intervals; more text narrows them.';
  return undefined;
}
