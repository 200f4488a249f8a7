/** The home folder: where it is, whether it may be used, and what lies where inside it. */
import { accessSync, constants, existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError, asUserError, hasCode, placeOf } from '../base/errors.ts';
import { removeTemporaries } from '../base/files.ts';

/** Inside a corpus folder: its tokens, one folder a tokenizer. */
export const SHARDS_FOLDER = 'shards';

/** Absolute paths of everything in a home folder. */
export interface Home {
  readonly path: string;
  readonly database: string;
  readonly ownerLock: string;
  readonly models: string;
  readonly corpora: string;
  readonly evaluations: string;
  /** Fisher diagonals. */
  readonly fisher: string;
  /** Scores of base models, which the runs of all projects share. */
  readonly baseScores: string;
  readonly runs: string;
  /** Requests of other processes to the owner, and its replies. */
  readonly spool: string;
  /** Copies of the database made before a migration. */
  readonly backups: string;
}

export interface HomeSources {
  /** What `--home` says. */
  readonly option?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly userFolder: string;
}

/** `--home`, else PALIMPSEST_HOME, else the platform's folder for application data. */
export function homePath(sources: HomeSources): string {
  const { option, environment, platform, userFolder } = sources;
  const named = option ?? environment['PALIMPSEST_HOME'];
  if (named !== undefined && named !== '') return resolve(named);
  if (platform === 'darwin')
    return join(userFolder, 'Library', 'Application Support', 'Palimpsest');
  if (platform === 'win32') {
    return join(environment['APPDATA'] ?? join(userFolder, 'AppData', 'Roaming'), 'Palimpsest');
  }
  const data = environment['XDG_DATA_HOME'];
  // The specification of XDG_DATA_HOME says to ignore a relative path.
  const base = data !== undefined && isAbsolute(data) ? data : join(userFolder, '.local', 'share');
  return join(base, 'palimpsest');
}

export function defaultHomePath(option?: string): string {
  return homePath({
    option,
    environment: process.env,
    platform: process.platform,
    userFolder: homedir(),
  });
}

export function homeAt(path: string): Home {
  return {
    path,
    database: join(path, 'workbench.sqlite'),
    ownerLock: join(path, 'owner.lock'),
    models: join(path, 'models'),
    corpora: join(path, 'corpora'),
    evaluations: join(path, 'evaluations'),
    fisher: join(path, 'fisher'),
    baseScores: join(path, 'evaluations', 'base'),
    runs: join(path, 'runs'),
    spool: join(path, 'spool'),
    backups: join(path, 'backups'),
  };
}

/**
 * Creates what is missing, mode 0700.
 * @throws UserError `home/network`, `home/read-only`, `home/not-a-folder`
 */
export async function prepareHome(path: string): Promise<Home> {
  try {
    await makeFolders(path);
  } catch (error) {
    if (hasCode(error, 'EEXIST') || hasCode(error, 'ENOTDIR')) {
      throw new UserError(
        'home/not-a-folder',
        `The home folder's place is taken by a file: ${path}.`,
        'Choose another folder with --home or PALIMPSEST_HOME.',
      );
    }
    throw asHomeError(error, path);
  }
  const home = homeAt(await realpath(path));
  await refuseNetwork(home.path);
  requireWritable(home.path);
  try {
    await chmod(home.path, 0o700);
    for (const folder of subfolders(home)) await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asHomeError(error, home.path);
  }
  return home;
}

/** Node's own recursive mkdir never returns where nothing can be made, as in /proc. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (hasCode(error, 'EEXIST') && (await stat(path)).isDirectory()) return;
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

/** What a process that died left half-written. Only the owner may call this. */
export async function cleanHome(home: Home): Promise<void> {
  for (const folder of [home.path, ...subfolders(home)]) await removeTemporaries(folder);
  for (const corpus of await readdir(home.corpora)) {
    const shards = join(home.corpora, corpus, SHARDS_FOLDER);
    if (existsSync(shards)) await removeTemporaries(shards);
  }
}

/** For the database: a path inside the home folder as it will be found after the folder is moved. */
export function relativeToHome(home: Home, path: string): string {
  const inside = relative(home.path, path);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw new Error(`${path} is not inside the home folder`);
  }
  return inside.split(sep).join('/');
}

/** The reverse of relativeToHome; an absolute path, of a linked model, stays. */
export function resolveInHome(home: Home, path: string): string {
  return resolve(home.path, path);
}

function subfolders(home: Home): string[] {
  const { models, corpora, evaluations, fisher, baseScores, runs, spool, backups } = home;
  return [models, corpora, evaluations, fisher, baseScores, runs, spool, backups];
}

function requireWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw asHomeError(error, path);
  }
}

function asHomeError(error: unknown, path: string): unknown {
  if (['EROFS', 'EACCES', 'EPERM'].some((code) => hasCode(error, code))) {
    return new UserError(
      'home/read-only',
      `The home folder cannot be written: ${path}.`,
      'Check its permissions, or choose another folder with --home or PALIMPSEST_HOME.',
      { cause: error },
    );
  }
  return asUserError(error, placeOf(error) ?? path);
}

/** Names that Linux gives to file systems whose locks cannot be trusted between machines. */
const NETWORK_FILE_SYSTEMS = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb',
  'smb2',
  'smb3',
  'smbfs',
  'ncpfs',
  'afs',
  'coda',
  'ceph',
  'glusterfs',
  'lustre',
  'gpfs',
  'beegfs',
  'orangefs',
  'ocfs2',
  'gfs2',
  '9p',
  'fuse.sshfs',
  'fuse.glusterfs',
  'fuse.ceph',
  'fuse.s3fs',
  'fuse.rclone',
  'fuse.davfs',
  'davfs',
]);

/**
 * The type of the file system that holds `path`, from the text of /proc/self/mountinfo: the longest
 * mount point that is a prefix of it, the last one when several are stacked there.
 */
export function fileSystemTypeIn(mountInfo: string, path: string): string | undefined {
  let best: { point: string; type: string } | undefined;
  for (const line of mountInfo.split('\n')) {
    const [mount, source] = line.split(' - ');
    const point = mount?.split(' ')[4];
    const type = source?.split(' ')[0];
    if (point === undefined || type === undefined) continue;
    const decoded = point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(parseInt(octal, 8)),
    );
    const holds = decoded === '/' || path === decoded || path.startsWith(`${decoded}/`);
    if (holds && decoded.length >= (best?.point.length ?? 0)) best = { point: decoded, type };
  }
  return best?.type;
}

export function isNetworkFileSystem(type: string): boolean {
  return NETWORK_FILE_SYSTEMS.has(type.toLowerCase());
}

/** SQLite's locks and its write-ahead log need a local disk. */
async function refuseNetwork(path: string): Promise<void> {
  const type = await networkTypeOf(path);
  if (type === undefined) return;
  throw new UserError(
    'home/network',
    `The home folder is on a network file system (${type}): ${path}.`,
    'The history needs a local disk; choose a local folder with --home or PALIMPSEST_HOME.',
  );
}

async function networkTypeOf(path: string): Promise<string | undefined> {
  if (process.platform === 'win32') {
    // A share is reached by a path that starts with two backslashes.
    return path.startsWith('\\\\') ? 'network share' : undefined;
  }
  if (process.platform === 'linux') {
    const mountInfo = await readFile('/proc/self/mountinfo', 'utf8').catch(() => undefined);
    const type = mountInfo === undefined ? undefined : fileSystemTypeIn(mountInfo, path);
    return type !== undefined && isNetworkFileSystem(type) ? type : undefined;
  }
  // macOS mounts shares under /Volumes or /Network without telling Node their type; a device number
  // of its own under /Network is the one case that is certain.
  if (path.startsWith('/Network/') && (await stat(path)).dev !== (await stat('/')).dev) {
    return 'network volume';
  }
  return undefined;
}
