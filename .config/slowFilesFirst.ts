import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** Files of a minute and more, by what they took; whatever comes last is waited for by idle workers. */
const SLOW = [
  'integration/headless/demo',
  'integration/workbench/projects',
  'integration/workbench/runs',
  'e2e/firstStart',
  'e2e/layout',
  'e2e/accessibility',
  'e2e/imports',
];

function rank({ moduleId }: TestSpecification): number {
  const place = SLOW.findIndex((file) => moduleId.endsWith(`/test/${file}.test.ts`));
  return place === -1 ? SLOW.length : place;
}

/** Starts the files that take longest first; the others in the order of vitest's own. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((left, right) => rank(left) - rank(right));
  }
}
