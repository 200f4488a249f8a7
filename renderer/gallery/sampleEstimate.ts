/** An estimate of any project as a workstation with one BERT-base at work gives it. */
import type { ProjectFile } from '../../core/workbench/projectFile.ts';
import type { Estimate, Span } from '../../core/workbench/schemas/estimate.ts';
import { sum, times, within } from '../../core/workbench/spans.ts';
import { expectedRows } from '../lib/wizard/estimateView.ts';

const STEP_SECONDS: Readonly<Record<string, number>> = { ndt: 0, sdt: 4.1, rh: 5.2, gem: 8.4 };
const NOTHING: Span = { expected: 0, low: 0, high: 0 };

/** Short of disk with a batch of more than 32, short of memory with more than 64. */
export function sampleEstimate(project: ProjectFile): Estimate {
  const { max_steps: steps = 1500, per_device_train_batch_size: batch } = project.training;
  const strategies = expectedRows(project).map(({ strategy, settings, runs }) => {
    const [results = 0, choosing = 0] = runs.split('+').map(Number);
    const step = within(STEP_SECONDS[strategy] ?? 4.6, 0.14);
    const secondsPerRun = strategy === 'ndt' ? within(12, 0.3) : times(step, steps);
    return {
      strategy,
      settings,
      runs: { results, choosing, done: 0 },
      steps: within(strategy === 'ndt' ? 0 : steps, 0),
      secondsPerStep: strategy === 'ndt' ? null : step,
      secondsPerRun,
      seconds: times(secondsPerRun, results + choosing),
    };
  });
  const shared: Estimate['shared'] = [
    { kind: 'tokens', corpus: project.target_corpus, isThere: true, seconds: NOTHING },
    { kind: 'base scores', corpus: null, isThere: false, seconds: within(140, 0.2) },
  ];
  const count = (purpose: 'results' | 'choosing'): number =>
    strategies.reduce((total, { runs }) => total + runs[purpose], 0);
  return {
    engine: 'cpu',
    device: 'ONNX Runtime 1.30.0, CPU, 8 threads',
    probe: { steps: 28, seconds: 71, isBesideRuns: true, isBusy: false },
    strategies,
    shared,
    runs: { results: count('results'), choosing: count('choosing'), done: 0 },
    seconds: sum([...strategies, ...shared].map(({ seconds }) => seconds)),
    evaluationSeconds: within(1900, 0.2),
    tokensPerSecond: 812,
    memory: {
      peak: batch > 64 ? within(24e9, 0.2) : { expected: 5.1e9, low: 4.6e9, high: 6.2e9 },
      available: 21e9,
    },
    disk: { most: 9.4e9, left: 8.1e9, free: batch > 32 ? 6.1e9 : 212e9 },
    warnings: [
      ...(batch > 32
        ? [
            'The project needs 9.40 GB in /home/mira/.local/share/palimpsest, where 6.10 GB are free. Free some space, lower save_total_limit, or use a home folder on a larger disk.',
          ]
        : []),
      ...(batch > 64
        ? [
            'A run needs about 24 GB of memory, and 21 GB are available. Close other programs, or lower per_device_train_batch_size or max_seq_length.',
          ]
        : []),
    ],
    remarks: [
      'A run was at work on this machine while the steps were timed; alone they are faster.',
    ],
  };
}
