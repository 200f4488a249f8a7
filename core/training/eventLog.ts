/**
 * `events.jsonl` in a run folder: the run's history, one event a line, appended and flushed before
 * anyone is told. The database can be rebuilt from it.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  truncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { asUserError } from '../base/errors.ts';
import { runEventSchema } from './events.ts';
import type { RunEvent } from './events.ts';

export const EVENTS_FILE = 'events.jsonl';

type WithoutPlace<Event> = Event extends RunEvent
  ? Omit<Event, 'run' | 'attempt' | 'sequence' | 'time'>
  : never;
/** An event before the log gives it its number and time. */
export type NewRunEvent = WithoutPlace<RunEvent>;

/**
 * The events of a run in order, without those that a later attempt superseded: an attempt that
 * resumed at step N makes every earlier attempt's event with a later step void, and one that started
 * afresh counts as resumed at 0. A torn last line is ignored, and so is a file that is not there.
 */
export function readEvents(runFolder: string): RunEvent[] {
  return withoutSuperseded(readAllEvents(join(runFolder, EVENTS_FILE)).events);
}

/** As readEvents, of some types alone; lines of others, of which a long run has many, are not parsed. */
export function readEventsOf<Type extends RunEvent['type']>(
  runFolder: string,
  types: readonly Type[],
): Extract<RunEvent, { type: Type }>[] {
  // Where an attempt resumed decides what is superseded.
  const lines = new RegExp(`"type"\\s*:\\s*"(?:${['started', ...types].join('|')})"`);
  const { events } = readAllEvents(join(runFolder, EVENTS_FILE), lines);
  const isWanted = (event: RunEvent): event is Extract<RunEvent, { type: Type }> =>
    (types as readonly string[]).includes(event.type);
  return withoutSuperseded(events).filter(isWanted);
}

/**
 * What a run said besides its metrics, superseded events among them: the last `most`, in order. A run
 * folder without events gives none.
 */
export function readLogEvents(runFolder: string, most: number): RunEvent[] {
  const { events } = readAllEvents(join(runFolder, EVENTS_FILE), /^(?!.*"type"\s*:\s*"metrics")/);
  return events.slice(-most);
}

export function withoutSuperseded(events: readonly RunEvent[]): RunEvent[] {
  const resumedAt = new Map<number, number>();
  for (const event of events) {
    if (event.type === 'started') resumedAt.set(event.attempt, event.resumedFrom ?? 0);
  }
  return events.filter(
    (event) =>
      ![...resumedAt].some(([attempt, step]) => attempt > event.attempt && step < event.step),
  );
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw asUserError(error, path);
  }
}

/** Events of the lines that match `wanted`, and the length of all whole lines. */
function readAllEvents(path: string, wanted = /^/): { events: RunEvent[]; bytes: number } {
  if (!existsSync(path)) return { events: [], bytes: 0 };
  const content = readBytes(path);
  const events: RunEvent[] = [];
  let start = 0;
  for (;;) {
    const end = content.indexOf(0x0a, start);
    if (end === -1) break;
    const line = content.toString('utf8', start, end);
    const event = wanted.test(line) ? parseLine(line) : undefined;
    if (event !== undefined) events.push(event);
    start = end + 1;
  }
  return { events, bytes: start };
}

/** A line that is no event (a block the file system lost, an event of a newer version) is passed over. */
function parseLine(line: string): RunEvent | undefined {
  try {
    return runEventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** The writing end; one process at a time has it. */
export class EventLog {
  /** What was in the log before this attempt, superseded events left out. */
  readonly earlier: readonly RunEvent[];
  readonly attempt: number;
  readonly #run: string;
  readonly #path: string;
  readonly #file: number;
  /** Length of the whole lines in the file. */
  #bytes: number;
  #sequence = 0;

  /** Opens or creates the log, cuts off a torn last line and begins the next attempt. */
  constructor(runFolder: string, run: string) {
    this.#run = run;
    this.#path = join(runFolder, EVENTS_FILE);
    const { events, bytes } = readAllEvents(this.#path);
    this.earlier = withoutSuperseded(events);
    this.attempt = 1 + events.reduce((latest, { attempt }) => Math.max(latest, attempt), 0);
    try {
      this.#file = openSync(this.#path, 'a', 0o600);
      truncateSync(this.#path, bytes);
      this.#bytes = bytes;
    } catch (error) {
      throw asUserError(error, this.#path);
    }
  }

  /** The event is on disk when this returns. Throws a UserError when the disk is full. */
  append(event: NewRunEvent): RunEvent {
    // Last, so that an earlier event told again gets a place of its own.
    const place = {
      run: this.#run,
      attempt: this.attempt,
      sequence: this.#sequence++,
      time: new Date().toISOString(),
    };
    const complete: RunEvent = { ...event, ...place };
    try {
      const line = Buffer.from(`${JSON.stringify(complete)}\n`);
      for (let done = 0; done < line.length;) done += writeSync(this.#file, line, done);
      fsyncSync(this.#file);
      this.#bytes += line.length;
    } catch (error) {
      // What was written of the line must not run into the next one.
      truncateSync(this.#path, this.#bytes);
      throw asUserError(error, this.#path);
    }
    return complete;
  }

  close(): void {
    closeSync(this.#file);
  }
}
