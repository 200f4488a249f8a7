import type { Graph, Value } from './graph.ts';

const BYTES = { float32: 4, int32: 4, int64: 8, bool: 1 } as const;

export function bytesOf({ shape, type }: Value): number {
  return shape.reduce((product, dimension) => product * dimension, BYTES[type]);
}

/**
 * The most bytes that a run holds at once in values that it makes itself: each lives from its node
 * to the last node that reads it, results to the end. An estimate of an executor's arena.
 */
export function peakBytes(graph: Graph): number {
  const lastUse = new Map<string, number>();
  graph.nodes.forEach(({ inputs }, index) => {
    for (const name of inputs) lastUse.set(name, index);
  });
  for (const { name } of graph.outputs.values()) lastUse.set(name, graph.nodes.length);
  const expiring = new Map<number, number>();
  let live = 0;
  let peak = 0;
  graph.nodes.forEach(({ outputs }, index) => {
    for (const value of outputs) {
      const bytes = bytesOf(value);
      live += bytes;
      const end = lastUse.get(value.name) ?? index;
      expiring.set(end, (expiring.get(end) ?? 0) + bytes);
    }
    peak = Math.max(peak, live);
    live -= expiring.get(index) ?? 0;
  });
  return peak;
}
