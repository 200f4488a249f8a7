/**
 * The fixed colour and mark of every strategy, in charts and chips alike. Colours keep apart for
 * colour-blind readers and have 3:1 contrast on white; marks tell strategies apart without colour.
 */
export type MarkShape =
  'circle' | 'triangle' | 'square' | 'diamond' | 'star' | 'plus' | 'pentagon' | 'wedge';

export interface StrategyLook {
  readonly colour: string;
  readonly shape: MarkShape;
  /** Combinations: the first part's colour, dashed. */
  readonly dashed: boolean;
}

const LOOKS: Readonly<Record<string, Omit<StrategyLook, 'dashed'>>> = {
  ndt: { colour: '#5f6670', shape: 'circle' },
  sdt: { colour: '#d45e00', shape: 'triangle' },
  rh: { colour: '#0b6fb8', shape: 'square' },
  l2: { colour: '#14875b', shape: 'diamond' },
  ewc: { colour: '#6f3fb5', shape: 'star' },
  gem: { colour: '#c2267f', shape: 'plus' },
  lwf: { colour: '#8a5a1e', shape: 'pentagon' },
  lrc: { colour: '#2f7f86', shape: 'wedge' },
};

const UNKNOWN = { colour: '#3b4048', shape: 'circle' } as const;

/** `label` as in a result row: `ewc`, `rh+ewc`, `sdt α 0.3`. */
export function strategyLook(label: string): StrategyLook {
  const [names] = label.split(' ');
  const parts = names.split('+');
  return { ...(LOOKS[parts[0]] ?? UNKNOWN), dashed: parts.length > 1 };
}
