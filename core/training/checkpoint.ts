/**
 * Checkpoints of a run: `checkpoints/step-N/` with the files of one moment and `manifest.json`,
 * written last, that lists the size and SHA-256 of each. A checkpoint is complete when its manifest
 * is there and the sizes agree; anything else is torn, is never used and is removed.
 */
import { existsSync } from 'node:fs';
import { readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError, asUserError } from '../base/errors.ts';
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
  await rm(folder, { recursive: true, force: true });
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
 * Removes torn checkpoints and what a process that died left behind; returns the complete ones,
 * latest first. `damaged` names those that were removed although they had a manifest.
 */
export async function recoverCheckpoints(
  runFolder: string,
  kind: CheckpointKind,
): Promise<{ checkpoints: Checkpoint[]; damaged: string[] }> {
  const parent = join(runFolder, kind);
  const checkpoints: Checkpoint[] = [];
  const damaged: string[] = [];
  if (!existsSync(parent)) return { checkpoints, damaged };
  await removeTemporaries(parent);
  await settleSuperseded(parent);
  for (const name of await readdir(parent)) {
    const step = stepOf(name);
    if (step === undefined) continue;
    const folder = join(parent, name);
    const checkpoint = await openCheckpoint(folder, step);
    if (checkpoint !== undefined && (await hashesAgree(checkpoint))) checkpoints.push(checkpoint);
    else {
      damaged.push(`${kind}/${name}`);
      await rm(folder, { recursive: true, force: true });
    }
  }
  checkpoints.sort((a, b) => b.step - a.step);
  return { checkpoints, damaged };
}

/** What a process that died while it replaced a checkpoint left: the new one when it is there, else the old. */
async function settleSuperseded(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.endsWith(SUPERSEDED_SUFFIX)) continue;
    const superseded = join(parent, name);
    const folder = superseded.slice(0, -SUPERSEDED_SUFFIX.length);
    if (existsSync(folder)) await rm(superseded, { recursive: true, force: true });
    else await rename(superseded, folder);
  }
}

/** Complete checkpoints, latest first, judged by their sizes alone; changes nothing. */
export async function listCheckpoints(
  runFolder: string,
  kind: CheckpointKind,
): Promise<Checkpoint[]> {
  const parent = join(runFolder, kind);
  if (!existsSync(parent)) return [];
  const checkpoints: Checkpoint[] = [];
  for (const name of await readdir(parent)) {
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

async function readManifest(
  folder: string,
): Promise<{ manifest: Manifest; sha256: string } | undefined> {
  try {
    const content = await readFile(join(folder, MANIFEST_FILE), 'utf8');
    const manifest = manifestSchema.safeParse(JSON.parse(content)).data;
    return manifest && { manifest, sha256: hashBytes(content) };
  } catch {
    return undefined;
  }
}

async function openCheckpoint(folder: string, step: number): Promise<Checkpoint | undefined> {
  const { manifest, sha256 } = (await readManifest(folder)) ?? {};
  if (manifest === undefined || sha256 === undefined || manifest.step !== step) return undefined;
  let bytes = 0;
  for (const [name, entry] of Object.entries(manifest.files)) {
    const size = await stat(join(folder, name)).then(
      (status) => status.size,
      () => undefined,
    );
    if (size !== entry.bytes) return undefined;
    bytes += size;
  }
  return { step, folder, sha256, bytes, files: new Set(Object.keys(manifest.files)) };
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
