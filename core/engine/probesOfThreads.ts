/**
 * Probes that a thread asks for. Node starts processes from any thread; in a utility process of
 * Electron only the main thread can, so there it answers for the others.
 */
import { BroadcastChannel, getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { parentPort } from '../base/parentPort.ts';
import type { Probe, ProbeResult } from './probe.ts';
import type { EngineName } from './types.ts';

const ANSWERED = 'palimpsest/probes-answered';
const CHANNEL = 'palimpsest/probes';

interface Question {
  readonly question: string;
  readonly engine: EngineName;
  readonly timed: boolean;
}

interface Answer {
  readonly answer: string;
  readonly result: ProbeResult;
}

/** To be called by the main thread before it starts others. */
export function answerProbesOfThreads(probe: Probe): void {
  if (parentPort() === undefined) return;
  setEnvironmentData(ANSWERED, true);
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event) => {
    const { data } = event as { readonly data: Question | Answer };
    if (!('question' in data)) return;
    void probe(data.engine, data.timed).then((result) => {
      channel.postMessage({ answer: data.question, result } satisfies Answer);
    });
  };
}

let asked = 0;

/** Undefined where the caller starts the process itself. */
export function probeThroughMainThread(
  engine: EngineName,
  timed: boolean,
): Promise<ProbeResult> | undefined {
  if (parentPort() !== undefined || getEnvironmentData(ANSWERED) !== true) return undefined;
  const question = `${++asked}`;
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise((resolve) => {
    channel.onmessage = (event) => {
      const { data } = event as { readonly data: Question | Answer };
      if (!('answer' in data) || data.answer !== question) return;
      channel.close();
      resolve(data.result);
    };
    channel.postMessage({ question, engine, timed } satisfies Question);
  });
}
