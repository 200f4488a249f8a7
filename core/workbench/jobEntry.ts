/** Entry of a process that does one job (jobContract.ts) and ends, or is kept for more of the same. */
import { reportError } from '../base/errors.ts';
import { openParentChannel } from '../base/parentChannel.ts';
import type { ParentChannel } from '../base/parentChannel.ts';
import type { ReportProgress } from '../text/types.ts';
import { abortedError } from './calls.ts';
import { KEPT_JOBS, jobs, messageToWorkerSchema } from './jobContract.ts';
import type { JobName, JobReply, JobRequest, MessageFromWorker } from './jobContract.ts';

type Work<Name extends JobName> = (
  request: JobRequest<Name>,
  report: ReportProgress,
  signal: AbortSignal,
) => Promise<JobReply<Name>>;

/** Each job loads only what it needs: importing text starts no numeric engine. */
const WORK: { readonly [Name in JobName]: () => Promise<Work<Name>> } = {
  'models/import': async () => (await import('./work/models.ts')).importWork,
  'models/init': async () => (await import('./work/models.ts')).initWork,
  'models/fill-mask': async () => (await import('./work/fillMask.ts')).fillMaskWork,
  'models/verify': async () => (await import('./work/models.ts')).verifyWork,
  'corpora/import': async () => (await import('./work/corpora.ts')).importWork,
  'corpora/preview': async () => (await import('./work/corpora.ts')).previewWork,
  'corpora/report': async () => (await import('./work/corpora.ts')).reportWork,
  'corpora/shards': async () => (await import('./work/corpora.ts')).shardsWork,
  'evaluations/draw': async () => (await import('./work/evaluations.ts')).drawWork,
  'fisher/estimate': async () => (await import('./work/fisher.ts')).estimateWork,
  'projects/probe': async () => (await import('./work/probe.ts')).probeWork,
  'system/engines': async () => (await import('./work/engines.ts')).listWork,
  'system/libraries': async () => (await import('./work/engines.ts')).librariesWork,
  'system/require-engine': async () => (await import('./work/engines.ts')).requireWork,
  'runs/export': async () => (await import('./work/exports.ts')).exportWork,
};

/** Progress is for people: more than ten a second are not sent. */
const PROGRESS_MILLISECONDS = 100;

/** Of the request at work. */
let abortion = new AbortController();
let isAtWork = false;
let hasClosed = false;
const channel = openParentChannel();
if (channel === undefined) {
  process.stderr.write('This program is started by Palimpsest, not by hand.\n');
  process.exitCode = 2;
} else {
  serve(channel);
}

function serve(parent: ParentChannel): void {
  parent.onMessage((raw) => {
    const message = messageToWorkerSchema.parse(raw);
    if (message.type === 'abort') {
      abortion.abort(abortedError());
      return;
    }
    abortion = new AbortController();
    void answer(parent, message.job, message.request);
  });
  // Nobody is left who would register the result.
  parent.onClose(() => {
    abortion.abort(abortedError());
    hasClosed = true;
    if (!isAtWork) process.exit(0);
  });
  // Ctrl-C, a closed terminal and a shutdown reach the whole group of processes; the parent decides
  // what becomes of this one, as long as there is a parent.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (hasClosed) process.exit(1);
    });
  }
}

async function answer(parent: ParentChannel, name: string, request: unknown): Promise<void> {
  let message: MessageFromWorker;
  isAtWork = true;
  try {
    if (!isJobName(name)) throw new Error(`There is no job "${name}"`);
    message = { type: 'done', reply: await perform(name, request, progressSender(parent)) };
  } catch (error) {
    message = {
      type: 'failed',
      error: reportError(abortion.signal.aborted ? abortedError() : error),
    };
  }
  await parent.send(message);
  isAtWork = false;
  if (KEPT_JOBS.some((kept) => kept === name) && !hasClosed) return;
  process.exit(message.type === 'done' ? 0 : 1);
}

async function perform<Name extends JobName>(
  name: Name,
  request: unknown,
  report: ReportProgress,
): Promise<JobReply<Name>> {
  const work = await WORK[name]();
  const checked = jobs[name].request.parse(request) as JobRequest<Name>;
  return work(checked, report, abortion.signal);
}

function isJobName(name: string): name is JobName {
  return Object.hasOwn(jobs, name);
}

function progressSender(parent: ParentChannel): ReportProgress {
  let lastStage = '';
  let lastTime = -Infinity;
  return (progress) => {
    const now = performance.now();
    const isLast = progress.done === progress.total;
    if (progress.stage === lastStage && !isLast && now - lastTime < PROGRESS_MILLISECONDS) return;
    [lastStage, lastTime] = [progress.stage, now];
    void parent.send({ type: 'progress', progress });
  };
}
