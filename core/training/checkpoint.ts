/**
 * Checkpoints of a run: `checkpoints/step-N/` with the files of one moment and `manifest.json`,
 * written last, that lists the size and SHA-256 of each. A checkpoint is complete when its manifest
 * is there and the files agree with it. Without a manifest it is torn: it was never complete, or is
 * half deleted, and is removed. With a manifest that its files do not agree with it is damaged: it is
 * never used but stays in the run folder under another name, as it may be all that is left of a run.
 * What cannot be read is neither: the error is thrown and nothing is changed.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError, asUserError, isMissing, placeOf } from '../base/errors.ts';
import {
  createFolderAtomically,
  hashBytes,
  hashFile,
  removeTemporaries,
  temporaryPathFor,
  writeFileAtomically,
} from '../base/files.ts';

const MANIFEST_FILE = 'manifest.json';
/** Beside a checkpoint while another takes its name. */
const SUPERSEDED_SUFFIX = '.superseded';
/** Names of damaged checkpoints start like this; they go with the run folder. */
const DAMAGED_PREFIX = '.damaged-';

const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  step: z.int().nonnegative(),
  files: z.record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
    z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() }),
  ),
});
type Manifest = z.infer<typeof manifestSchema>;

export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
  /** SHA-256 of the manifest, and through it of every file. */
  readonly sha256: string;
  /** Size of all files but the manifest. */
  readonly bytes: number;
  readonly files: ReadonlySet<string>;
}

/** By file name, a function that writes the file at a path and says what it wrote. */
export type CheckpointFiles = Readonly<
  Record<string, (path: string) => Promise<{ bytes: number; sha256: string }>>
>;

/** `checkpoints` holds what a run resumes from, `best` the weights that did best on validation. */
export type CheckpointKind = 'checkpoints' | 'best';

export function checkpointFolder(runFolder: string, kind: CheckpointKind, step: number): string {
  return join(runFolder, kind, `step-${step}`);
}

/** A checkpoint that is not used any more and was not deleted; both names start in the run folder. */
export interface SetAside {
  readonly name: string;
  readonly keptAs: string;
}

/**
 * Writes the checkpoint of `step`; it appears under its name when all of it is on disk. One that is
 * already complete there is kept: a step has one state. Throws a UserError when the disk is full.
 */
export async function writeCheckpoint(
  runFolder: string,
  kind: CheckpointKind,
  step: number,
  files: CheckpointFiles,
): Promise<Checkpoint> {
  const folder = checkpointFolder(runFolder, kind, step);
  const existing = await openCheckpoint(folder, step);
  if (existing !== undefined) return existing;
  await clearAway(folder);
  await createFolderAtomically(folder, (temporary) => fillCheckpoint(temporary, step, files));
  return requireWritten(folder, step);
}

/**
 * Writes the checkpoint of `step` in place of one that may be there under its name. At every moment
 * one of the two is on disk, and `recoverCheckpoints` finds it.
 */
export async function replaceCheckpoint(
  runFolder: string,
  kind: CheckpointKind,
  step: number,
  files: CheckpointFiles,
): Promise<Checkpoint> {
  const folder = checkpointFolder(runFolder, kind, step);
  const incoming = temporaryPathFor(folder);
  await createFolderAtomically(incoming, (temporary) => fillCheckpoint(temporary, step, files));
  try {
    if (existsSync(folder)) await rename(folder, `${folder}${SUPERSEDED_SUFFIX}`);
    await rename(incoming, folder);
    await rm(`${folder}${SUPERSEDED_SUFFIX}`, { recursive: true, force: true });
  } catch (error) {
    throw asUserError(error, folder);
  }
  return requireWritten(folder, step);
}

async function fillCheckpoint(folder: string, step: number, files: CheckpointFiles): Promise<void> {
  const entries: Manifest['files'] = {};
  for (const [name, write] of Object.entries(files)) {
    entries[name] = await write(join(folder, name));
  }
  await writeManifest(folder, { formatVersion: 1, step, files: entries });
}

async function requireWritten(folder: string, step: number): Promise<Checkpoint> {
  const written = await openCheckpoint(folder, step);
  if (written === undefined) throw new Error(`The checkpoint ${folder} did not stay as written.`);
  return written;
}

/**
 * Removes torn checkpoints and what a process that died left behind, and sets damaged ones aside;
 * returns the complete ones, latest first.
 * @throws UserError when something cannot be read
 */
export async function recoverCheckpoints(
  runFolder: string,
  kind: CheckpointKind,
): Promise<{ checkpoints: Checkpoint[]; damaged: SetAside[] }> {
  const parent = join(runFolder, kind);
  const checkpoints: Checkpoint[] = [];
  const damaged: SetAside[] = [];
  if ((await sizeOf(parent)) === undefined) return { checkpoints, damaged };
  try {
    await removeTemporaries(parent);
    damaged.push(...(await settleSuperseded(parent)));
    for (const name of await readdir(parent)) {
      const step = stepOf(name);
      if (step === undefined) continue;
      const folder = join(parent, name);
      const checkpoint = await openIntact(folder, step);
      if (checkpoint !== undefined) checkpoints.push(checkpoint);
      else damaged.push(...(await clearAway(folder)));
    }
  } catch (error) {
    throw asUserError(error, placeOf(error) ?? parent);
  }
  checkpoints.sort((a, b) => b.step - a.step);
  return { checkpoints, damaged };
}

/** What a process that died while it replaced a checkpoint left: the new one when it is whole, else the old. */
async function settleSuperseded(parent: string): Promise<SetAside[]> {
  const damaged: SetAside[] = [];
  for (const name of await readdir(parent)) {
    if (!name.endsWith(SUPERSEDED_SUFFIX)) continue;
    const superseded = join(parent, name);
    const folder = superseded.slice(0, -SUPERSEDED_SUFFIX.length);
    const step = stepOf(basename(folder));
    if (step !== undefined && (await openIntact(folder, step)) !== undefined) {
      await rm(superseded, { recursive: true, force: true });
    } else {
      damaged.push(...(await clearAway(folder)));
      await rename(superseded, folder);
    }
  }
  return damaged;
}

/** Makes room under the name of a checkpoint that is not complete; says what of it is kept. */
async function clearAway(folder: string): Promise<SetAside[]> {
  if ((await sizeOf(join(folder, MANIFEST_FILE))) !== undefined) return [await setAside(folder)];
  await rm(folder, { recursive: true, force: true });
  return [];
}

/** Gives a checkpoint a name under which it is not used; it keeps its files. */
export async function setAside(folder: string): Promise<SetAside> {
  const kind = basename(dirname(folder));
  const name = basename(folder);
  const keptAs = `${DAMAGED_PREFIX}${name}-${randomBytes(3).toString('hex')}`;
  try {
    await rename(folder, join(dirname(folder), keptAs));
  } catch (error) {
    throw asUserError(error, folder);
  }
  return { name: `${kind}/${name}`, keptAs: `${kind}/${keptAs}` };
}

/** Complete checkpoints, latest first, judged by their sizes alone; changes nothing. */
export async function listCheckpoints(
  runFolder: string,
  kind: CheckpointKind,
): Promise<Checkpoint[]> {
  const parent = join(runFolder, kind);
  const names = (await unlessMissing(parent, () => readdir(parent))) ?? [];
  const checkpoints: Checkpoint[] = [];
  for (const name of names) {
    const step = stepOf(name);
    const checkpoint =
      step === undefined ? undefined : await openCheckpoint(join(parent, name), step);
    if (checkpoint !== undefined) checkpoints.push(checkpoint);
  }
  return checkpoints.sort((a, b) => b.step - a.step);
}

/** Deletes every checkpoint of a kind for which `keep` is false. */
export async function removeCheckpoints(
  runFolder: string,
  kind: CheckpointKind,
  keep: (checkpoint: Checkpoint, age: number) => boolean,
): Promise<void> {
  for (const [age, checkpoint] of (await listCheckpoints(runFolder, kind)).entries()) {
    if (keep(checkpoint, age)) continue;
    // Without its manifest it is torn, so a deletion that stops half-way leaves nothing to trust.
    await rm(join(checkpoint.folder, MANIFEST_FILE), { force: true });
    await rm(checkpoint.folder, { recursive: true, force: true });
  }
}

/** Takes a file out of a checkpoint, which is complete before, during and after. */
export async function dropFile(checkpoint: Checkpoint, name: string): Promise<void> {
  const { manifest } = (await readManifest(checkpoint.folder)) ?? {};
  if (manifest === undefined || manifest.files[name] === undefined) return;
  const files = Object.fromEntries(Object.entries(manifest.files).filter(([key]) => key !== name));
  await writeManifest(checkpoint.folder, { ...manifest, files });
  await rm(join(checkpoint.folder, name), { force: true });
}

function stepOf(name: string): number | undefined {
  const match = /^step-(0|[1-9][0-9]*)$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFileAtomically(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Undefined when there is none, or none that says anything. */
async function readManifest(
  folder: string,
): Promise<{ manifest: Manifest; sha256: string } | undefined> {
  const path = join(folder, MANIFEST_FILE);
  const content = await unlessMissing(path, () => readFile(path, 'utf8'));
  if (content === undefined) return undefined;
  const manifest = manifestSchema.safeParse(parseJson(content)).data;
  return manifest && { manifest, sha256: hashBytes(content) };
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

async function openCheckpoint(folder: string, step: number): Promise<Checkpoint | undefined> {
  const { manifest, sha256 } = (await readManifest(folder)) ?? {};
  if (manifest === undefined || sha256 === undefined || manifest.step !== step) return undefined;
  let bytes = 0;
  for (const [name, entry] of Object.entries(manifest.files)) {
    if ((await sizeOf(join(folder, name))) !== entry.bytes) return undefined;
    bytes += entry.bytes;
  }
  return { step, folder, sha256, bytes, files: new Set(Object.keys(manifest.files)) };
}

async function openIntact(folder: string, step: number): Promise<Checkpoint | undefined> {
  const checkpoint = await openCheckpoint(folder, step);
  return checkpoint !== undefined && (await hashesAgree(checkpoint)) ? checkpoint : undefined;
}

/** Bytes; undefined when there is no such file. */
async function sizeOf(path: string): Promise<number | undefined> {
  return (await unlessMissing(path, () => stat(path)))?.size;
}

async function unlessMissing<Value>(
  path: string,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw asUserError(error, path);
  }
}

/** @throws UserError `run/checkpoint-damaged` when a file is not what was saved */
export async function requireIntact(folder: string): Promise<void> {
  if (await hashesAgree({ folder })) return;
  throw new UserError(
    'run/checkpoint-damaged',
    `The checkpoint is damaged, its files are not what was saved: ${folder}.`,
    'Restore it from a copy, or move it away to use an earlier checkpoint of the run.',
  );
}

async function hashesAgree(checkpoint: Pick<Checkpoint, 'folder'>): Promise<boolean> {
  const { manifest } = (await readManifest(checkpoint.folder)) ?? {};
  for (const [name, entry] of Object.entries(manifest?.files ?? {})) {
    if ((await hashFile(join(checkpoint.folder, name))) !== entry.sha256) return false;
  }
  return manifest !== undefined;
}
