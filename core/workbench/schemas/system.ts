/** What the Workbench says of the machine, of the disk, and of its connections. */
import { z } from 'zod';

export const diagnosticsSchema = z.object({
  version: z.string(),
  node: z.string(),
  platform: z.string(),
  home: z.string(),
  homeBytes: z.int(),
  freeBytes: z.int(),
  cores: z.int(),
  memoryBytes: z.int(),
  /** What SQLite's own check complains of; null when the history is sound. */
  databaseProblem: z.string().nullable(),
  engines: z.array(
    z.object({
      name: z.enum(['cpu', 'webgpu', 'tensorflow']),
      available: z.boolean(),
      /** Why not, or what was checked: one sentence. */
      detail: z.string(),
    }),
  ),
  /** Of the libraries that numbers and ids depend on, in a fixed order. */
  libraries: z.array(z.object({ name: z.string(), version: z.string() })),
  counts: z.object({ models: z.int(), corpora: z.int(), projects: z.int(), runs: z.int() }),
  /** The home folder without the name of its user: for copies that leave the machine. */
  homeForCopies: z.string(),
});
export type Diagnostics = z.infer<typeof diagnosticsSchema>;

export const STORAGE_KINDS = [
  'models',
  'corpora',
  'shards',
  'runs',
  'checkpoints',
  'evaluations',
  'fisher',
  'history',
  'backups',
  'other',
] as const;
export type StorageKind = (typeof STORAGE_KINDS)[number];

export const storageSchema = z.object({
  bytes: z.int(),
  freeBytes: z.int(),
  /** In the order of STORAGE_KINDS; shards and checkpoints are not counted a second time. */
  kinds: z.array(z.object({ kind: z.enum(STORAGE_KINDS), bytes: z.int(), count: z.int() })),
  /** Largest first. */
  largest: z.array(
    z.object({
      kind: z.enum(['model', 'corpus', 'run', 'fisher']),
      id: z.string(),
      name: z.string(),
      bytes: z.int(),
    }),
  ),
  /** What no run needs. */
  freeable: z.array(
    z.object({
      kind: z.enum(['corpora', 'backups']),
      bytes: z.int(),
      count: z.int(),
    }),
  ),
});
export type Storage = z.infer<typeof storageSchema>;

export const connectionsSchema = z.object({
  checkedAt: z.string(),
  /** Null where the system does not show them to a program. */
  sockets: z
    .object({
      /** Between processes of this machine, the web host's own port among them. */
      local: z.int(),
      /** To another machine, or open to others: there should be none. */
      foreign: z.array(z.object({ pid: z.int(), protocol: z.string(), address: z.string() })),
    })
    .nullable(),
  /** Processes of Palimpsest that were looked at. */
  processes: z.array(z.int()),
  /** With which a person can look for themselves. */
  command: z.string(),
});
export type Connections = z.infer<typeof connectionsSchema>;
