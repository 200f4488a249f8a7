import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FuseV1Options } from '@electron/fuses';
import { expect, test } from 'vitest';
import config, { FUSES } from '../../../forge.config.ts';

test('the program’s binary is no Node, takes no options of Node, and loads only its own archive', () => {
  const set = Object.fromEntries(
    Object.entries(FuseV1Options)
      .filter((entry): entry is [string, FuseV1Options] => typeof entry[1] === 'number')
      .map(([name, fuse]) => [name, FUSES[fuse]]),
  );
  expect(set).toEqual({
    RunAsNode: false,
    EnableCookieEncryption: false,
    EnableNodeOptionsEnvironmentVariable: false,
    EnableNodeCliInspectArguments: false,
    EnableEmbeddedAsarIntegrityValidation: true,
    OnlyLoadAppFromAsar: true,
    LoadBrowserProcessSpecificV8Snapshot: false,
    GrantFileProtocolExtraPrivileges: false,
    WasmTrapHandlers: true,
  });
  expect(FUSES.strictlyRequireAllFuses).toBe(true);
  expect(config.plugins?.map((plugin) => plugin.name)).toEqual(['fuses']);
});

test('the archive keeps everything but what the system loads and what is copied', () => {
  const asar = config.packagerConfig?.asar;
  expect(asar).toEqual({
    unpack: '**/*.{node,dll,dylib,so,so.*}',
    unpackDir: 'dist/app/resources',
  });
});

test('nothing starts the reporter of crashes', () => {
  const main = readFileSync(join(import.meta.dirname, '../../../electron/main.ts'), 'utf8');
  expect(main).not.toContain('crashReporter');
});
