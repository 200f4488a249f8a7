import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fileSystemTypeIn,
  homeAt,
  homePath,
  isNetworkFileSystem,
  relativeToHome,
  resolveInHome,
} from '../../../core/workbench/home.ts';

const sources = { environment: {}, platform: 'linux', userFolder: '/home/ada' } as const;

describe('the place of the home folder', () => {
  it.each([
    ['--home wins', { ...sources, option: '/x', environment: { PALIMPSEST_HOME: '/y' } }, '/x'],
    ['then PALIMPSEST_HOME', { ...sources, environment: { PALIMPSEST_HOME: '/y' } }, '/y'],
    [
      'an empty one is none',
      { ...sources, environment: { PALIMPSEST_HOME: '' } },
      '/home/ada/.local/share/palimpsest',
    ],
    ['XDG_DATA_HOME', { ...sources, environment: { XDG_DATA_HOME: '/data' } }, '/data/palimpsest'],
    [
      'unless it is relative',
      { ...sources, environment: { XDG_DATA_HOME: 'data' } },
      '/home/ada/.local/share/palimpsest',
    ],
    [
      'macOS',
      { ...sources, platform: 'darwin' },
      '/home/ada/Library/Application Support/Palimpsest',
    ],
    [
      'Windows',
      { ...sources, platform: 'win32', environment: { APPDATA: '/roaming' } },
      '/roaming/Palimpsest',
    ],
  ] as const)('%s', (_, given, expected) => {
    expect(homePath(given)).toBe(expected);
  });

  it('is absolute when a relative one is given', () => {
    expect(homePath({ ...sources, option: 'here' })).toBe(join(process.cwd(), 'here'));
    expect(homePath({ ...sources, userFolder: homedir() })).toContain(homedir());
  });
});

describe('the file system of a path', () => {
  const mountInfo = [
    '22 27 0:21 / / rw,relatime - ext4 /dev/sda1 rw',
    '30 22 0:30 / /mnt/share rw - cifs //server/share rw',
    '31 30 0:31 / /mnt/share/local rw shared:1 - tmpfs tmpfs rw',
    '32 22 0:32 / /mnt/two\\040words rw - nfs4 server:/x rw',
    '33 22 0:33 / /over rw - ext4 /dev/sdb rw',
    '34 33 0:34 / /over rw - fuse.sshfs host: rw',
    '',
  ].join('\n');

  it.each([
    ['/home/ada', 'ext4'],
    ['/mnt/share', 'cifs'],
    ['/mnt/share/home', 'cifs'],
    ['/mnt/shared', 'ext4'],
    ['/mnt/share/local/home', 'tmpfs'],
    ['/mnt/two words/home', 'nfs4'],
    ['/over/home', 'fuse.sshfs'],
  ])('%s is on %s', (path, type) => {
    expect(fileSystemTypeIn(mountInfo, path)).toBe(type);
  });

  it('is not found in a text that is no mount table', () => {
    expect(fileSystemTypeIn('', '/home')).toBeUndefined();
    expect(fileSystemTypeIn('nonsense - \n - ', '/home')).toBeUndefined();
  });

  it.each(['nfs', 'nfs4', 'cifs', 'smb3', 'fuse.sshfs', '9p', 'CIFS'])(
    '%s is a network',
    (type) => {
      expect(isNetworkFileSystem(type)).toBe(true);
    },
  );

  it.each(['ext4', 'xfs', 'btrfs', 'tmpfs', 'apfs', 'overlay', 'fuseblk', 'zfs'])(
    '%s is local',
    (type) => {
      expect(isNetworkFileSystem(type)).toBe(false);
    },
  );
});

it('paths inside the home folder move with it, others stay', () => {
  const [here, there] = [homeAt('/home/ada/palimpsest'), homeAt('/media/new')];
  const stored = relativeToHome(here, join(here.runs, 'run-1'));
  expect(resolveInHome(there, stored)).toBe('/media/new/runs/run-1');
  expect(resolveInHome(there, '/stick/model')).toBe('/stick/model');
  expect(() => relativeToHome(here, '/home/ada/other')).toThrow();
});
