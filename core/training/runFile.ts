/** `run.json` in a run folder: what the run is, written before its first step. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError, asUserError } from '../base/errors.ts';
import { hashJson, writeFileAtomically } from '../base/files.ts';
import { VERSION } from '../base/version.ts';
import { PART_NAMES, needsOf, objectiveOf } from '../strategies/parts.ts';
import { runSpecificationSchema } from './configuration.ts';
import type { RunSpecification } from './configuration.ts';
import { conventionsOf } from './conventions.ts';

export const RUN_FILE = 'run.json';

const runFileSchema = z.strictObject({
  formatVersion: z.literal(1),
  configurationHash: z.string(),
  /** Hashes of the model, tokenizer, data and evaluation sets are in it. */
  specification: runSpecificationSchema,
  /** What the run's equations mean exactly, in words; files of before have none. */
  conventions: z.record(z.string(), z.string()).optional(),
  /** Of the first attempt; each attempt's own are in its `started` event. */
  engine: z.string(),
  device: z.string(),
  threads: z.int().positive(),
  versions: z.record(z.string(), z.string()),
  createdAt: z.string(),
});
export type RunFile = z.infer<typeof runFileSchema>;

/**
 * SHA-256 of everything that decides the result: settings, strategy, seed, engine and the hashes of
 * model, tokenizer, corpora and evaluation sets. Names and places of files are not part of it, nor is
 * what the strategy does not use.
 */
export function configurationHash(specification: RunSpecification): string {
  const { strategy, seed, engine, settings, modelHash, tokenizerHash, target, evaluations } =
    specification;
  return hashJson({
    strategy,
    seed,
    engine,
    settings,
    modelHash,
    tokenizerHash,
    target: target.contentHash,
    evaluations: evaluations.map(({ name, role, split, sha256 }) => ({
      name,
      role,
      split,
      sha256,
    })),
    ...strategyDetails(specification),
  });
}

/** Empty for a strategy that is a name alone. */
function strategyDetails(specification: RunSpecification): object {
  const { strategy, parts, rehearsal, fisher, interpolation } = specification;
  const needs = needsOf(objectiveOf(strategy, parts));
  return {
    ...(PART_NAMES.every((name) => parts[name] === undefined) ? {} : { parts }),
    ...(needs.includes('rehearsal corpus') && rehearsal !== undefined
      ? { rehearsal: { corpus: rehearsal.contentHash, buffer: rehearsal.buffer } }
      : {}),
    ...(needs.includes('Fisher diagonal') && fisher !== undefined ? { fisher: fisher.id } : {}),
    ...(interpolation === undefined
      ? {}
      : {
          interpolation: {
            configurationHash: interpolation.configurationHash,
            step: interpolation.step,
            alpha: interpolation.alpha,
          },
        }),
  };
}

/** Undefined when there is none yet. Throws `run/unreadable` for a file that is no run's. */
export function readRunFile(runFolder: string): RunFile | undefined {
  const path = join(runFolder, RUN_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return runFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const known = asUserError(cause, path);
    if (known instanceof UserError) throw known;
    throw new UserError(
      'run/unreadable',
      `${path} does not describe a run.`,
      'Restore the file from a copy; the run cannot be continued without it.',
      { cause },
    );
  }
}

/** Throws `run/other-configuration` when the folder holds a run that is not this one. */
export function checkRunFile(specification: RunSpecification): void {
  const existing = readRunFile(specification.runFolder);
  if (existing === undefined) return;
  if (existing.configurationHash === configurationHash(specification)) return;
  throw new UserError(
    'run/other-configuration',
    `The run folder ${specification.runFolder} holds a run with another configuration.`,
    'Resume the run with the configuration in its run.json, or start a new run.',
  );
}

/** Of what computes runs in this process. */
export function programVersions(): Machine['versions'] {
  return { palimpsest: VERSION, node: process.versions.node };
}

/** What a run is computed with; only with the same is it the same to the last bit. */
export type Machine = Pick<RunFile, 'engine' | 'device' | 'threads' | 'versions'>;

export function machineOf({ engine, device, threads, versions }: RunFile): Machine {
  return { engine, device, threads, versions };
}

/** Writes `run.json` on the first attempt; later ones leave it as it is. Returns what is in it. */
export async function writeRunFile(
  specification: RunSpecification,
  machine: Machine,
): Promise<RunFile> {
  const existing = readRunFile(specification.runFolder);
  if (existing !== undefined) return existing;
  const content: RunFile = {
    formatVersion: 1,
    configurationHash: configurationHash(specification),
    specification,
    conventions: conventionsOf(specification),
    ...machine,
    createdAt: new Date().toISOString(),
  };
  const path = join(specification.runFolder, RUN_FILE);
  await writeFileAtomically(path, `${JSON.stringify(content, null, 2)}\n`);
  return content;
}
