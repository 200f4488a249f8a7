/**
 * `npm run package`: Electron Forge puts the built program into Electron's own folder, one for each
 * system, in `out/`. Installers are made from there by electron-builder (.config/electron-builder.yml).
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FusesPlugin } from '@electron-forge/plugin-fuses';
import type { ForgeConfig } from '@electron-forge/shared-types';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { UNPACKED, UNPACKED_FOLDER, isForAnotherSystem, leavesOut } from './.config/packaging.ts';

/** Set in the program's binary, where nobody can change them without breaking its signature. */
export const FUSES = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
} as const;

/** A folder with Electron's archives, for machines that cannot fetch them. */
const archives = process.env['PALIMPSEST_ELECTRON_ARCHIVES'];

const config: ForgeConfig = {
  outDir: 'out',
  packagerConfig: {
    name: 'Palimpsest',
    executableName: 'palimpsest',
    appBundleId: 'org.palimpsest.Palimpsest',
    appCategoryType: 'public.app-category.developer-tools',
    icon: join(import.meta.dirname, 'resources/icons/icon'),
    asar: { unpack: UNPACKED, unpackDir: UNPACKED_FOLDER },
    // Which packages run in the program is decided by `ignore`, which tests can ask.
    prune: false,
    ignore: leavesOut(),
    ...(archives === undefined ? {} : { electronZipDir: archives }),
  },
  // Native packages bring binaries for every Electron (Node-API): nothing is compiled.
  rebuildConfig: { onlyModules: [] },
  plugins: [new FusesPlugin(FUSES)],
  hooks: {
    packageAfterCopy: async (_config, buildPath, _electronVersion, platform, arch) => {
      removeOtherSystems(buildPath, platform, arch);
    },
  },
};
export default config;

/** Removes native files of other systems from a copy of the program. */
export function removeOtherSystems(folder: string, platform: string, arch: string): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const file of files) {
    const path = join(file.parentPath, file.name).replaceAll('\\', '/');
    if (file.isFile() && isForAnotherSystem(path, platform, arch)) rmSync(path);
  }
}
