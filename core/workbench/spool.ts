/**
 * The files through which another process speaks to the owner of a home folder; no socket is opened.
 *
 *   lease-ID          the client is alive while it keeps touching it
 *   request-ID.json   written whole by the client; the owner takes it by renaming it to taken-ID.json
 *   events-ID.jsonl   progress, or the events subscribed to, appended by the owner
 *   abort-ID          the client wants the call stopped
 *   reply-ID.json     written whole by the owner; the client then removes every file of the call
 *
 * What lies in the folder is not trusted: names, sizes, kinds and contents are checked before use.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { newIdentifier } from '../base/identifiers.ts';
import { UserError, hasCode, isMissing } from '../base/errors.ts';

/** How often a client touches its lease, and after how long without it counts as dead, milliseconds. */
export const LEASE_MILLISECONDS = 1000;
export const LEASE_EXPIRY_MILLISECONDS = 15_000;

const LARGEST_REQUEST_BYTES = 4 << 20;
const LARGEST_REPLY_BYTES = 256 << 20;

const KINDS = ['lease', 'request', 'taken', 'events', 'abort', 'reply'] as const;
export type SpoolFileKind = (typeof KINDS)[number];

const EXTENSIONS: Readonly<Record<SpoolFileKind, string>> = {
  lease: '',
  request: '.json',
  taken: '.json',
  events: '.jsonl',
  abort: '',
  reply: '.json',
};
const NAME = /^(lease|request|taken|events|abort|reply)-(call-[a-z0-9]{10})(\.jsonl?|)$/;

export function newCallId(): string {
  return newIdentifier('call');
}

export function spoolFile(folder: string, kind: SpoolFileKind, id: string): string {
  return join(folder, `${kind}-${id}${EXTENSIONS[kind]}`);
}

export function spoolFilesOf(folder: string, id: string): string[] {
  return KINDS.map((kind) => spoolFile(folder, kind, id));
}

/** Undefined for a name that is none of ours. */
export function parseSpoolName(name: string): { kind: SpoolFileKind; id: string } | undefined {
  const [, word, id, extension] = NAME.exec(name) ?? [];
  const kind = KINDS.find((known) => known === word);
  if (kind === undefined || id === undefined) return undefined;
  return EXTENSIONS[kind] === extension ? { kind, id } : undefined;
}

const requestSchema = z.discriminatedUnion('type', [
  z.strictObject({
    formatVersion: z.literal(1),
    type: z.literal('call'),
    id: z.string(),
    name: z.string(),
    request: z.unknown(),
  }),
  /** Answered when the owner closes; until then its events are written. */
  z.strictObject({ formatVersion: z.literal(1), type: z.literal('subscribe'), id: z.string() }),
]);
export type SpoolRequest = z.infer<typeof requestSchema>;

const replySchema = z.discriminatedUnion('type', [
  z.strictObject({ formatVersion: z.literal(1), type: z.literal('done'), reply: z.unknown() }),
  z.strictObject({
    formatVersion: z.literal(1),
    type: z.literal('failed'),
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      stack: z.string().optional(),
    }),
  }),
]);
export type SpoolReply = z.infer<typeof replySchema>;

/** @throws UserError `spool/invalid` for anything that is not a whole request with this id */
export async function readSpoolRequest(path: string, id: string): Promise<SpoolRequest> {
  const parsed = requestSchema.safeParse(
    parseJson(await readRegularFile(path, LARGEST_REQUEST_BYTES)),
  );
  if (!parsed.success || parsed.data.id !== id) throw invalid(path, 'is not a request');
  return parsed.data;
}

/** Undefined while there is none. @throws UserError `spool/invalid` */
export async function readSpoolReply(path: string): Promise<SpoolReply | undefined> {
  let text: string;
  try {
    text = await readRegularFile(path, LARGEST_REPLY_BYTES);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const parsed = replySchema.safeParse(parseJson(text));
  if (!parsed.success) throw invalid(path, 'is not a reply');
  return parsed.data;
}

/** Links, pipes, devices and huge files are refused before a byte is read. */
async function readRegularFile(path: string, largest: number): Promise<string> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file;
  try {
    file = await open(path, flags);
  } catch (error) {
    if (hasCode(error, 'ELOOP')) {
      throw invalid(path, 'is a link');
    }
    throw error;
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw invalid(path, 'is not a file');
    if (stat.size > largest) throw invalid(path, `is larger than ${largest} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(path: string, what: string): UserError {
  return new UserError(
    'spool/invalid',
    `${path} ${what}.`,
    'Leave the spool folder to Palimpsest; run the command again.',
  );
}
