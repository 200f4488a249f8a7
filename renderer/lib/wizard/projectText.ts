/** The project file as text, a part for each top-level key. */
import { Document, isScalar, visit } from 'yaml';
import { stepOf } from './check.ts';
import type { Step } from './draft.ts';

export interface TextPart {
  readonly key: string;
  readonly step: Step;
  /** One line or several; undefined for a key that is needed and not given yet. */
  readonly text: string | undefined;
}

const NEEDED = ['name', 'base_model', 'target_corpus', 'source_corpus'] as const;

export function projectTextParts(input: Readonly<Record<string, unknown>>): TextPart[] {
  const keys = [...NEEDED, ...Object.keys(input).filter((key) => !isNeeded(key))];
  return keys.map((key) => ({
    key,
    step: stepOf([key]),
    text: input[key] === undefined ? undefined : yaml({ [key]: input[key] }),
  }));
}

export function projectText(input: Readonly<Record<string, unknown>>): string {
  const parts = projectTextParts(input).flatMap(({ text }) => text ?? []);
  return parts.length === 0 ? '' : `${parts.join('\n')}\n`;
}

const isNeeded = (key: string): boolean => (NEEDED as readonly string[]).includes(key);

/** Lists of plain values stand in one line, as people write seeds and strengths. */
function yaml(value: object): string {
  const document = new Document(value, { schema: 'core' });
  visit(document, {
    Seq: (_, node) => {
      const isNumbers = node.items.every(
        (item) => isScalar(item) && typeof item.value === 'number',
      );
      if (isNumbers) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}
