/** axe-core finds nothing on any screen, in either theme, with what opens on it open. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { drivers } from './drivers/drivers.ts';
import type { App } from './support/app.ts';
import { useSharedApp } from './support/useApp.ts';
import { newHome } from './support/homes.ts';
import { SCREENS, leave, readIds } from './support/screens.ts';
import type { StudyIds } from './support/screens.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Everything but the rules of level AAA, which nobody claims, and those that are experiments. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * One rule is not asked of one thing: "region" of the items of an open menu or list. These are children
 * of the body so that nothing clips them; each is reached from the button that opens it and closes when
 * it is left, so nobody looks for it among the landmarks.
 */
const NOT_ASKED = { rule: 'region', within: '[role="menu"], [role="listbox"]' };

interface AxeNode {
  readonly element: { closest(selector: string): unknown };
  readonly html: string;
  readonly target: readonly string[];
}
declare const axe: {
  run(options: object): Promise<{
    readonly violations: readonly {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly AxeNode[];
    }[];
  }>;
};

/** Violations, one line each: the rule, what it wants, and where. */
async function violations({ page }: App): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(
    async ({ tags, notAsked }) => {
      const runOnly = { type: 'tag', values: tags };
      const found = await axe.run({ runOnly, resultTypes: ['violations'], elementRef: true });
      return found.violations.flatMap(({ id, help, nodes }) =>
        nodes
          .filter(
            ({ element }) => id !== notAsked.rule || element.closest(notAsked.within) === null,
          )
          .map(({ target, html }) => `${id}: ${help}: ${target.join(' ')}: ${html.slice(0, 160)}`),
      );
    },
    { tags: TAGS, notAsked: NOT_ASKED },
  );
}

/** In the light and in the dark, with a picture of each. */
async function expectAccessible(app: App, name: string): Promise<void> {
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await app.look(theme);
    await app.picture(`${name.replaceAll(/\W+/g, '-')}-${theme}`);
    found.push(...(await violations(app)).map((text) => `${theme}: ${text}`));
  }
  await app.look('light');
  expect(found.join('\n')).toBe('');
}

describe.each(drivers)('accessibility in $name', (driver) => {
  describe.each(['empty', 'material', 'study'] as const)('of the home folder “%s”', (home) => {
    let ids: StudyIds | undefined;
    const app = useSharedApp(driver, async () => ({ home: await newHome(home) }));
    const screens = SCREENS.filter((screen) => screen.home === home);

    it.each(screens)('$name', async ({ name, show }) => {
      ids ??= home === 'study' ? await readIds(app()) : undefined;
      await leave(app());
      await show(app(), ids ?? { project: '', runs: [], model: '', corpus: '' });
      await expectAccessible(app(), name);
    });
  });
});
