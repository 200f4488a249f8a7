/** Every screen in a small window, and at 200 %: nothing scrolls sideways, is cut off or overlaps. */
import { describe, expect, it } from 'vitest';
import { drivers } from './drivers/drivers.ts';
import { useSharedApp } from './support/useApp.ts';
import { newHome } from './support/homes.ts';
import { layoutFaults } from './support/pageChecks.ts';
import { SCREENS, leave, readIds } from './support/screens.ts';
import type { StudyIds } from './support/screens.ts';

/** At 200 % a window of 1024 × 700 pixels has room for half as many of CSS. */
const WINDOWS = [
  { what: '1024x700', viewport: { width: 1024, height: 700 }, deviceScaleFactor: 1 },
  { what: '200-percent', viewport: { width: 512, height: 350 }, deviceScaleFactor: 2 },
];

describe.each(drivers)('the layout in $name', (driver) => {
  describe.each(WINDOWS)('of $what', ({ what, viewport, deviceScaleFactor }) => {
    describe.each(['empty', 'material', 'study'] as const)('of the home folder “%s”', (home) => {
      let ids: StudyIds | undefined;
      const app = useSharedApp(driver, async () => ({
        home: await newHome(home),
        viewport,
        deviceScaleFactor,
      }));
      const screens = SCREENS.filter((screen) => screen.home === home);

      it.each(screens)('$name', async ({ name, show }) => {
        ids ??= home === 'study' ? await readIds(app()) : undefined;
        await leave(app());
        await show(app(), ids ?? { project: '', runs: [], model: '', corpus: '' });
        await app().picture(`${name.replaceAll(/\W+/g, '-')}-${what}`);
        expect((await app().page.evaluate(layoutFaults)).join('\n')).toBe('');
      });
    });
  });
});
