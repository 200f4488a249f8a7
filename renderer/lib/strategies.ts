/** How strategies look: one colour and one mark each, the same in every chart, table and chip. */

/** Colour token `--strategy-<name>`. */
export const STRATEGY_COLOURS = ['ndt', 'sdt', 'rh', 'l2', 'ewc', 'gem', 'lwf', 'lrc'] as const;
export type StrategyColour = (typeof STRATEGY_COLOURS)[number];

/** Outlines on a square from (−1, −1) to (1, 1), as SVG path data: for <svg> and Path2D alike. */
const MARKS: Readonly<Record<StrategyColour, string>> = {
  ndt: 'M0.86 0A0.86 0.86 0 1 1 -0.86 0A0.86 0.86 0 1 1 0.86 0Z',
  sdt: 'M0 -0.95L0.98 0.78H-0.98Z',
  rh: 'M-0.8 -0.8H0.8V0.8H-0.8Z',
  l2: 'M0 -1.02L1.02 0L0 1.02L-1.02 0Z',
  ewc: starPath(),
  gem: 'M-0.32 -0.96H0.32V-0.32H0.96V0.32H0.32V0.96H-0.32V0.32H-0.96V-0.32H-0.32Z',
  lwf: 'M0 0.95L0.98 -0.78H-0.98Z',
  lrc: 'M-0.54 -0.98L0 -0.44L0.54 -0.98L0.98 -0.54L0.44 0L0.98 0.54L0.54 0.98L0 0.44L-0.54 0.98L-0.98 0.54L-0.44 0L-0.98 -0.54Z',
};

function starPath(): string {
  const points = Array.from({ length: 10 }, (_, index) => {
    const radius = index % 2 === 0 ? 1.08 : 0.46;
    const angle = (index / 10) * 2 * Math.PI - Math.PI / 2;
    return `${(radius * Math.cos(angle)).toFixed(3)} ${(0.06 + radius * Math.sin(angle)).toFixed(3)}`;
  });
  return `M${points.join('L')}Z`;
}

/** One character for plain text: lists, summaries, options. */
const CHARACTERS: Readonly<Record<StrategyColour, string>> = {
  ndt: '●',
  sdt: '▲',
  rh: '■',
  l2: '◆',
  ewc: '★',
  gem: '✚',
  lwf: '▼',
  lrc: '✖',
};

/** What a strategy is, in full: for tooltips and screen readers. */
const NAMES: Readonly<Record<StrategyColour, string>> = {
  ndt: 'not domain-tuned: the base model',
  sdt: 'simple domain tuning',
  rh: 'rehearsal',
  l2: 'L2 penalty to the base model',
  ewc: 'elastic weight consolidation',
  gem: 'gradient episodic memory',
  lwf: 'learning without forgetting',
  lrc: 'layer-wise learning rates',
};

export interface StrategyLook {
  readonly colour: StrategyColour;
  /** SVG path data of the mark, see MARKS. */
  readonly mark: string;
  readonly character: string;
  /** "EWC", "RH + EWC", "SDT α 0.3". */
  readonly label: string;
  /** "rehearsal and elastic weight consolidation". */
  readonly description: string;
  /** A combination or an interpolation: its line is dashed and its mark hollow. */
  readonly dashed: boolean;
}

const isColour = (name: string): name is StrategyColour =>
  (STRATEGY_COLOURS as readonly string[]).includes(name);

/**
 * The look of a strategy as the contract names it: `ndt`, `rh+ewc`, or `sdt α 0.3` for a point
 * between the base model and a tuned one. A name that is not known is grey and shown as it is.
 */
export function strategyLook(strategy: string): StrategyLook {
  const [parts = '', ...rest] = strategy.split(' ');
  const names = parts.split('+');
  const known = names.filter(isColour);
  const colour = known[0] ?? 'ndt';
  const suffix = rest.length === 0 ? '' : ` ${rest.join(' ')}`;
  const base = known.map((name) => NAMES[name]).join(' and ');
  return {
    colour,
    mark: MARKS[colour],
    character: CHARACTERS[colour],
    label: `${names.map((name) => (isColour(name) ? name.toUpperCase() : name)).join(' + ')}${suffix}`,
    description:
      rest.length === 0 ? base || strategy : `${base}, between the base model and the run`,
    dashed: names.length > 1 || rest.length > 0,
  };
}
