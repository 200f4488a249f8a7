/** A run's evaluations as rows: one for each frozen-mask set. */
import { hasEnds } from '../../core/workbench/results.ts';
import type { RunChange, RunDetail } from '../../core/workbench/contract.ts';

type Evaluation = RunDetail['evaluations'][number];

export interface EvaluationRow {
  readonly key: string;
  /** "source, test"; with the set's own name where it says more. */
  readonly name: string;
  readonly tokens: number;
  /** Nats a masked token. */
  readonly before: number | undefined;
  /** The latest score after the first step, during training or after it. */
  readonly last: { readonly nll: number; readonly step: number } | undefined;
  /** last − before. */
  readonly difference: number | undefined;
  /** With its interval, once the run has ended. */
  readonly change: RunChange | undefined;
}

/** Target before source, test before validation: what the run is for comes first. */
export function evaluationRows(
  evaluations: readonly Evaluation[],
  changes: readonly RunChange[],
): EvaluationRow[] {
  const bySet = new Map<string, Evaluation[]>();
  for (const evaluation of evaluations) {
    const { role, split, name, setHash } = evaluation;
    const key = [role, split, name, setHash].join('|');
    bySet.set(key, [...(bySet.get(key) ?? []), evaluation]);
  }
  return [...bySet]
    .map(([key, ofSet]) => rowOf(key, ofSet, changes))
    .filter((row) => row !== undefined)
    .sort((a, b) => b.order.localeCompare(a.order))
    .map(({ row }) => row);
}

function rowOf(
  key: string,
  ofSet: readonly Evaluation[],
  changes: readonly RunChange[],
): { row: EvaluationRow; order: string } | undefined {
  const [first] = ofSet;
  if (first === undefined) return undefined;
  const { role, split, name, tokens, setHash } = first;
  const before = ofSet.find(({ phase }) => phase === 'before')?.nll;
  const later = ofSet
    .filter(({ phase }) => phase !== 'before')
    .sort((a, b) => a.step - b.step || Number(a.phase === 'after') - Number(b.phase === 'after'))
    .at(-1);
  const last = later === undefined ? undefined : { nll: later.nll, step: later.step };
  const change = changes.find(
    (one) => one.setHash === setHash && one.role === role && one.split === split,
  );
  const difference =
    change?.change ?? (last === undefined || before === undefined ? undefined : last.nll - before);
  const row: EvaluationRow = {
    key,
    name: name === role ? `${role}, ${split}` : `${role}, ${split}, ${name}`,
    tokens,
    before,
    last,
    difference,
    change,
  };
  const order = `${role === 'target' ? 1 : 0}${split === 'test' ? 1 : 0}`;
  return { row, order };
}

/** The scale that zero and all changes with their intervals fit on; undefined without changes. */
export function changeDomain(
  changes: readonly RunChange[],
): { min: number; max: number } | undefined {
  if (changes.length === 0) return undefined;
  const ends = changes.flatMap((one) => (hasEnds(one) ? [one.low, one.high] : [one.change]));
  const min = Math.min(0, ...ends);
  const max = Math.max(0, ...ends);
  return max > min ? { min, max } : undefined;
}
