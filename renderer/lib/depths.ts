/** Values by depth: the embeddings, the layers from the lowest, the head. */

export interface DepthValue {
  readonly name: string;
  readonly value: number;
}

/** `drift/depth_0` to the last of the last values; empty when there are none. */
export function driftByDepth(latest: Readonly<Record<string, number>>): DepthValue[] {
  const values: number[] = [];
  for (let depth = 0; ; depth++) {
    const value = latest[`drift/depth_${depth}`];
    if (value === undefined) break;
    values.push(value);
  }
  return byDepth(values);
}

/** The first is the embeddings, the last the head. */
export function byDepth(values: readonly number[]): DepthValue[] {
  return values.map((value, depth) => ({ name: depthName(depth, values.length), value }));
}

function depthName(depth: number, count: number): string {
  if (depth === 0) return 'embeddings';
  return depth === count - 1 ? 'head' : `layer ${depth}`;
}
