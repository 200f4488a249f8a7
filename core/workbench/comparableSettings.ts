/** A run's configuration as a flat list of settings, for finding what differs. */
import type { RunSpecification } from '../training/configuration.ts';

/**
 * Settings by their paths in a project file: `training.learning_rate`, `parts.ewc.lambda`; models,
 * corpora and evaluation sets by the hash of their content. The seed and places of files are left out.
 */
export function comparableSettings(specification: RunSpecification): Record<string, unknown> {
  const { rehearsal, fisher, interpolation, evaluations } = specification;
  return flatten({
    strategy: specification.strategy,
    parts: specification.parts,
    'interpolation.alpha': interpolation?.alpha,
    base_model: specification.modelHash,
    tokenizer: specification.tokenizerHash,
    target_corpus: specification.target.contentHash,
    training: specification.settings,
    rehearsal: rehearsal && { corpus: rehearsal.contentHash, ...rehearsal.buffer },
    fisher: fisher && { ...fisher.settings, estimate: fisher.id },
    engine: specification.engine,
    threads: specification.threads,
    evaluation: Object.fromEntries(
      evaluations.map(({ role, split, name, sha256 }) => [
        [role, split, ...(name === role ? [] : [name])].join('.'),
        sha256,
      ]),
    ),
  });
}

/** `{a: {b: 1}}` → `{'a.b': 1}`; lists stay whole, what is undefined is left out. */
function flatten(value: object, path = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
      const here = path === '' ? key : `${path}.${key}`;
      if (entry === undefined) return [];
      if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) {
        return [[here, entry]];
      }
      return Object.entries(flatten(entry, here));
    }),
  );
}
