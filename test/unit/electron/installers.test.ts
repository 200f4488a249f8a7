import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { getConfig, validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { DebugLogger } from 'builder-util';
import { describe, expect, test } from 'vitest';
import { icnsOf, icoOf } from '../../../resources/icons/makeIcons.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = () => getConfig(ROOT, join(ROOT, '.config/electron-builder.yml'), null);

describe('the installers', () => {
  test('have a configuration that electron-builder takes', async () => {
    await expect(
      validateConfiguration(await read(), new DebugLogger(false)),
    ).resolves.not.toThrow();
  });

  test('are those of the three systems, with icons that are there', async () => {
    const { linux, mac, win, icon } = await read();
    expect([linux?.target, mac?.target, win?.target]).toEqual([
      ['AppImage', 'deb'],
      ['dmg'],
      ['nsis'],
    ]);
    for (const path of [icon, mac?.icon, win?.icon]) {
      expect(existsSync(join(ROOT, path as string))).toBe(true);
    }
  });

  test('publish nothing', async () => {
    expect((await read()).publish).toBeNull();
  });
});

describe('icon files', () => {
  const [small, large] = [Buffer.from('small'), Buffer.from('larger')];

  test('of Windows name each picture’s size, length and place', () => {
    const ico = icoOf([
      [16, small],
      [256, large],
    ]);
    expect([...ico.subarray(0, 6)]).toEqual([0, 0, 1, 0, 2, 0]);
    expect([ico.readUInt8(6), ico.readUInt32LE(14), ico.readUInt32LE(18)]).toEqual([16, 5, 38]);
    expect([ico.readUInt8(22), ico.readUInt32LE(30), ico.readUInt32LE(34)]).toEqual([0, 6, 43]);
    expect(ico.subarray(38).toString()).toBe('smalllarger');
  });

  test('of macOS are blocks with a name and a length that counts both', () => {
    const icns = icnsOf([['ic07', small]]);
    expect(icns.toString('latin1', 0, 4)).toBe('icns');
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    expect(icns.toString('latin1', 8, 12)).toBe('ic07');
    expect(icns.readUInt32BE(12)).toBe(8 + small.length);
    expect(icns.subarray(16).toString()).toBe('small');
  });
});
