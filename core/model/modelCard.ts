/** The README.md of a model folder made here: where the weights come from, never what they were shown. */

/** What a card tells of a model made by a run; plain values, so that every caller can fill it. */
export interface ModelProvenance {
  readonly name: string;
  readonly baseModel: { readonly name: string; readonly hash: string };
  /** "none (random initialisation)" for a model that no run has trained. */
  readonly strategy: string;
  readonly seed: number;
  readonly steps: number;
  /** There for weights between the base model (alpha 0) and the end of a run (alpha 1). */
  readonly interpolation?: { readonly alpha: number; readonly run: string } | undefined;
  /** Training settings under their Hugging Face names. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly corpora: readonly {
    readonly role: string;
    readonly name: string;
    readonly hash: string;
  }[];
  readonly evaluations: readonly {
    readonly name: string;
    readonly role: string;
    readonly split: string;
    /** Mean negative log-likelihood, nats a scored token. */
    readonly nllBefore: number | null;
    readonly nllAfter: number;
  }[];
  /** Palimpsest's version. */
  readonly version: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Markdown with the metadata block that Hugging Face tools read. */
export function modelCard(modelType: string, provenance: ModelProvenance): string {
  const { baseModel, strategy, seed, steps, settings, corpora, evaluations } = provenance;
  const { interpolation } = provenance;
  const sections = [
    ['---', 'library_name: transformers', 'pipeline_tag: fill-mask', `tags: [${modelType}]`, '---'],
    [`# ${oneLine(provenance.name)}`],
    [
      `A masked language model (${modelType}) made with Palimpsest ${provenance.version} on ${provenance.createdAt.slice(0, 10)}.`,
    ],
    [
      '**The weights may have memorised parts of the text they were trained on.** Whoever may not read that text should not be given the weights either.',
    ],
    ['## Where it comes from'],
    table(
      ['', ''],
      [
        ['base model', `${oneLine(baseModel.name)} (SHA-256 ${baseModel.hash})`],
        ['strategy', strategy],
        ['seed', String(seed)],
        ['optimizer steps', String(steps)],
        ...(interpolation === undefined
          ? []
          : [
              [
                'interpolation',
                `(1 − α) base model + α run ${oneLine(interpolation.run)}, α ${interpolation.alpha}`,
              ],
            ]),
      ],
    ),
  ];
  if (corpora.length > 0) {
    const rows = corpora.map(({ role, name, hash }) => [role, oneLine(name), hash]);
    sections.push(['## Corpora'], table(['role', 'name', 'SHA-256'], rows));
  }
  if (evaluations.length > 0) {
    const rows = evaluations.map(({ name, role, split, nllBefore, nllAfter }) => [
      oneLine(name),
      role,
      split,
      nllBefore === null ? '–' : nllBefore.toFixed(4),
      nllAfter.toFixed(4),
    ]);
    const heading = ['set', 'role', 'split', 'NLL before (nats)', 'NLL after (nats)'];
    sections.push(
      ['## Evaluation'],
      ['Mean negative log-likelihood a masked token on frozen masks.'],
      table(heading, rows),
    );
  }
  if (Object.keys(settings).length > 0) {
    const rows = Object.entries(settings).map(([key, value]) => [key, oneLine(String(value))]);
    sections.push(['## Settings'], table(['setting', 'value'], rows));
  }
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)];
}

/** Names are a person's own words; a line break in one must not end the table or the heading. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
