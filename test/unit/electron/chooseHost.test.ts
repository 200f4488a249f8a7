import { expect, test } from 'vitest';
import { chooseHost } from '../../../electron/tools/chooseHost.ts';
import type { Machine } from '../../../electron/tools/chooseHost.ts';

const desktop: Machine = {
  electron: '/electron',
  platform: 'linux',
  environment: { DISPLAY: ':0' },
  isRoot: false,
};

test.each([
  ['X11', { DISPLAY: ':0' }],
  ['Wayland', { WAYLAND_DISPLAY: 'wayland-0' }],
])('opens a window on %s', (_name, environment) => {
  expect(chooseHost({ ...desktop, environment })).toEqual({
    kind: 'electron',
    binary: '/electron',
  });
});

test.each(['darwin', 'win32'] as const)(
  'opens a window on %s, which has no variable',
  (platform) => {
    expect(chooseHost({ ...desktop, platform, environment: {} }).kind).toBe('electron');
  },
);

test('opens a browser without Electron, and says how to get it', () => {
  expect(chooseHost({ ...desktop, electron: undefined })).toEqual({
    kind: 'browser',
    reason:
      'Electron is not on this machine ("npx install-electron" fetches it): ' +
      'the screens open in a browser instead.',
  });
});

test.each([{}, { DISPLAY: '' }])('opens a browser where there is no display: %j', (environment) => {
  const choice = chooseHost({ ...desktop, environment });
  expect(choice).toMatchObject({
    kind: 'browser',
    reason: expect.stringMatching(/^There is no display here:/) as string,
  });
});

test('opens a browser for root, for whom Chromium has no sandbox', () => {
  expect(chooseHost({ ...desktop, isRoot: true })).toMatchObject({
    reason: expect.stringContaining('root') as string,
  });
});
