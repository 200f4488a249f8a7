/** Groups of documents that have to share a split. */
import type { DisjointSets } from './compactTables.ts';
import type { DocumentStore } from './documentStore.ts';
import type { Groups } from './splits.ts';

/** Unites the documents that share a value of the group column. */
export function uniteByGroupColumn(store: DocumentStore, sets: DisjointSets): void {
  const none = 0xffffffff;
  const firstWithValue = new Uint32Array(store.groupValues).fill(none);
  for (let document = 0; document < store.count; document++) {
    const value = store.groupValueOf(document);
    if (value === undefined) continue;
    if (firstWithValue[value] === none) firstWithValue[value] = document;
    else sets.unite(firstWithValue[value], document);
  }
}

/**
 * Numbers the sets in the order of their first documents. The key of a group is the smallest of its
 * documents' stable keys, so it does not depend on their order nor on the rest of the corpus.
 */
export function formGroups(
  store: DocumentStore,
  sets: DisjointSets,
): Groups & { readonly groupOf: Uint32Array } {
  const groupOf = new Uint32Array(store.count);
  let count = 0;
  // The root of a set is its first document, so it is numbered before the others ask.
  for (let document = 0; document < store.count; document++) {
    const root = sets.root(document);
    groupOf[document] = root === document ? count++ : groupOf[root];
  }
  const keys = new Uint32Array(count * 2).fill(0xffffffff);
  const documents = new Uint32Array(count);
  for (let document = 0; document < store.count; document++) {
    const group = groupOf[document];
    documents[group]++;
    const key = store.stableKey(document);
    const high = key.readUInt32BE(0);
    const low = key.readUInt32BE(4);
    const at = group * 2;
    if (high < keys[at] || (high === keys[at] && low < keys[at + 1])) {
      keys[at] = high;
      keys[at + 1] = low;
    }
  }
  return { groupOf, keys, documents };
}
