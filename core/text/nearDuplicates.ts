/**
 * Clusters of near-duplicate documents: candidates from locality-sensitive hashing in bands (Leskovec,
 * Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3), confirmed by their estimated
 * similarity, joined by union-find.
 */
import type { DisjointSets, PagedRecords } from './compactTables.ts';
import { estimateSimilarity, SKETCH_BYTES } from './minHash.ts';

/** Estimated Jaccard similarity of word 5-shingles from which documents are near-duplicates. */
export const NEAR_DUPLICATE_SIMILARITY = 0.8;

/** 16 bands of 8 bins: a pair at similarity 0.8 meets in a band with probability 0.95, at 0.9 with 0.9999. */
export const BANDS = 16;
const BAND_BYTES = SKETCH_BYTES / BANDS;

/** Documents of a bucket that a new one is compared with; bounds the work for boilerplate. */
const MAXIMUM_COMPARISONS = 8;

/**
 * Unites near-duplicates in `clusters` by one band of their sketches. A document without a word
 * has the sketch of zeros and takes no part. Memory: 8 to 16 bytes a document, freed on return.
 */
export function uniteByBand(sketches: PagedRecords, band: number, clusters: DisjointSets): void {
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(sketches.count * 2 + 1)));
  for (let document = 0; document < sketches.count; document++) {
    place(document, sketches, band, clusters, slots);
  }
}

function place(
  document: number,
  sketches: PagedRecords,
  band: number,
  clusters: DisjointSets,
  slots: Uint32Array,
): void {
  const page = sketches.page(document);
  const offset = sketches.offsetInPage(document);
  const bandOffset = offset + band * BAND_BYTES;
  const low = page.readUInt32LE(bandOffset);
  const high = page.readUInt32LE(bandOffset + 4);
  if (low === 0 && high === 0) return;

  const mask = slots.length - 1;
  let slot = (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 7) & mask;
  let comparisons = 0;
  for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const other = slots[slot] - 1;
    const otherPage = sketches.page(other);
    const otherOffset = sketches.offsetInPage(other);
    const otherBand = otherOffset + band * BAND_BYTES;
    if (otherPage.readUInt32LE(otherBand) !== low) continue;
    if (otherPage.readUInt32LE(otherBand + 4) !== high) continue;
    // The bucket has a member of this cluster already; it stands for the document.
    if (clusters.root(other) === clusters.root(document)) return;
    const similarity = estimateSimilarity(page, otherPage, offset, otherOffset);
    if (similarity >= NEAR_DUPLICATE_SIMILARITY) {
      clusters.unite(document, other);
      return;
    }
    if (++comparisons === MAXIMUM_COMPARISONS) return;
  }
  slots[slot] = document + 1;
}

/** Clusters of two or more, and the documents in them. */
export function countClusters(clusters: DisjointSets): { documents: number; clusters: number } {
  const sizes = new Uint32Array(clusters.count);
  for (let document = 0; document < clusters.count; document++) {
    sizes[clusters.root(document)]++;
  }
  const several = sizes.filter((size) => size > 1);
  return { documents: several.reduce((sum, size) => sum + size, 0), clusters: several.length };
}
