/** What lists of runs show beside a run's own columns: what a person said of it, and how it ended. */

export interface RunAnnotations {
  /** Since when it is hidden from lists. */
  readonly archivedAt: string | null;
  /** Sorted. */
  readonly tags: string[];
  readonly note: string | null;
  /** On the test split at the run's end, nats a masked token; of the first set of the role. */
  readonly sourceNll: number | null;
  readonly targetNll: number | null;
}

export type RunAnnotationsRow = Omit<RunAnnotations, 'tags'> & { readonly tags: string };

/** A run without steps ends as it began: its scores before are those at its end. */
const nllAtEnd = (role: string): string => `
  (SELECT nll FROM evaluations
   WHERE run_id = runs.id AND role = '${role}' AND split = 'test' AND phase <> 'during'
     AND (phase = 'after' OR (runs.strategy = 'ndt' AND runs.state = 'completed'))
   ORDER BY name, phase LIMIT 1)`;

/** For a SELECT from `runs`. */
export const ANNOTATION_COLUMNS = `archived_at AS archivedAt,
  (SELECT json_group_array(tag) FROM tags WHERE run_id = runs.id) AS tags,
  (SELECT text FROM notes WHERE run_id = runs.id) AS note,
  ${nllAtEnd('source')} AS sourceNll, ${nllAtEnd('target')} AS targetNll`;

/** Most runs have no tag. */
export function parseTags(tags: string): string[] {
  return tags === '[]' ? [] : (JSON.parse(tags) as string[]);
}
