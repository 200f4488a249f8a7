/** What a run said, as lines that can be read and searched. */
import type { RunEvent } from '../../core/training/events.ts';
import { formatBytes, formatCount, formatDuration, formatNats } from './format.ts';

export type LogLevel = 'info' | 'warning' | 'error';

export interface LogLine {
  /** One for each line, in order. */
  readonly key: string;
  readonly time: string;
  readonly step: number;
  readonly level: LogLevel;
  readonly text: string;
}

/** One line an event, metrics left out: the curves show them. */
export function logLines(events: readonly RunEvent[]): LogLine[] {
  return events.flatMap((event) => {
    const said = textOf(event);
    if (said === undefined) return [];
    const { attempt, sequence, time, step } = event;
    const line = typeof said === 'string' ? { level: 'info' as const, text: said } : said;
    return [{ key: `${attempt}.${sequence}`, time, step, ...line }];
  });
}

/** Adds what was heard to what was read, each event once, in the order in which it was said. */
export function mergeEvents(
  read: readonly RunEvent[],
  heard: readonly RunEvent[],
): readonly RunEvent[] {
  if (heard.length === 0) return read;
  const known = new Set(read.map(({ attempt, sequence }) => `${attempt}.${sequence}`));
  const added = heard.filter(({ attempt, sequence }) => !known.has(`${attempt}.${sequence}`));
  if (added.length === 0) return read;
  return [...read, ...added].sort((a, b) => a.attempt - b.attempt || a.sequence - b.sequence);
}

/** Lines that hold all words of the query, whatever their case; `level` is the least. */
export function searchLines(
  lines: readonly LogLine[],
  query: string,
  level: LogLevel,
): readonly LogLine[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && level === 'info') return lines;
  return lines.filter((line) => {
    if (level === 'error' && line.level !== 'error') return false;
    if (level === 'warning' && line.level === 'info') return false;
    const text = `${line.text} step ${line.step}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

type Said = string | { readonly level: LogLevel; readonly text: string } | undefined;

function textOf(event: RunEvent): Said {
  switch (event.type) {
    case 'metrics':
      return undefined;
    case 'started': {
      const place = `${event.engine}, ${event.device}, ${threads(event.threads)}`;
      const from =
        event.resumedFrom === null
          ? `Attempt ${event.attempt} started`
          : `Attempt ${event.attempt} resumed from step ${formatCount(event.resumedFrom)}`;
      return `${from}: ${steps(event.totalSteps)} on ${place}.`;
    }
    case 'evaluation':
      return `Scored ${event.role} ${event.split} set ${event.phase === 'during' ? 'in passing' : `${event.phase} training`}: ${formatNats(event.nll)} nats a token over ${formatCount(event.tokens)} tokens.`;
    case 'rehearsal':
      return `Rehearsal buffer of ${formatCount(event.buffer.sequences)} sequences from ${formatCount(event.buffer.documents)} documents is ready.`;
    case 'fisher':
      return `Fisher diagonal ${event.id.slice(0, 8)} from ${formatCount(event.health.sequences)} sequences is ready.`;
    case 'guard':
      return {
        level: 'warning',
        text: `The forgetting guard ended the training: ${event.nll === null ? 'the run diverged' : `source loss ${formatNats(event.nll)} is above ${formatNats(event.bound)} nats a token`}; the weights of step ${formatCount(event.keptStep)} are kept.`,
      };
    case 'checkpoint':
      return `Checkpoint ${event.path} written, ${formatBytes(event.bytes)}.`;
    case 'log':
      return { level: event.level, text: event.message };
    case 'ended':
      return endText(event);
  }
}

function endText({ outcome, error }: Extract<RunEvent, { type: 'ended' }>): Said {
  if (error === undefined) {
    const level = outcome === 'failed' ? 'error' : outcome === 'interrupted' ? 'warning' : 'info';
    return { level, text: `The run is ${outcome}.` };
  }
  return { level: 'error', text: `The run ${outcome}: ${error.message}` };
}

const steps = (count: number): string =>
  count === 0 ? 'evaluation only' : `${formatCount(count)} steps`;
const threads = (count: number): string =>
  `${formatCount(count)} ${count === 1 ? 'thread' : 'threads'}`;

/** "about 3 min 5 s, 2 min 50 s to 3 min 30 s"; one figure where the spread says nothing. */
export function remainingWords(remaining: {
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
}): { readonly middle: string; readonly spread: string | undefined } {
  const [middle, low, high] = [remaining.seconds, remaining.low, remaining.high].map(
    formatDuration,
  );
  return {
    middle: middle ?? '',
    spread: low === high ? undefined : `${low ?? ''} to ${high ?? ''}`,
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local "19:05:12". */
export function lineClock(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
}

/** Local "2026-11-23 19:05:12". */
export function lineDate(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${lineClock(iso)}`;
}
