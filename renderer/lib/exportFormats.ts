/** What results can be written as. */

export const EXPORT_FORMATS = ['csv', 'markdown', 'latex', 'json', 'svg'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface FormatLook {
  readonly label: string;
  /** What it is good for. */
  readonly detail: string;
  readonly extension: string;
  readonly type: string;
}

export const FORMAT_LOOKS: Readonly<Record<ExportFormat, FormatLook>> = {
  csv: { label: 'CSV', detail: 'full precision', extension: 'csv', type: 'text/csv' },
  markdown: { label: 'Markdown', detail: 'table', extension: 'md', type: 'text/markdown' },
  latex: { label: 'LaTeX', detail: 'booktabs table', extension: 'tex', type: 'application/x-tex' },
  json: { label: 'JSON', detail: 'everything', extension: 'json', type: 'application/json' },
  svg: { label: 'SVG', detail: 'the picture', extension: 'svg', type: 'image/svg+xml' },
};

/** A file name of letters, digits and dashes that every system takes: "pilot-2-test.csv". */
export function exportFileName(project: string, split: string, format: ExportFormat): string {
  const words = project
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80);
  return `${words === '' ? 'results' : words}-${split}.${FORMAT_LOOKS[format].extension}`;
}
