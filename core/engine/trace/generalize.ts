/**
 * One graph for every size of a varying dimension. A trace has static shapes; what differs between
 * the traces of one program at two sizes depends on the size, and becomes a dimension that the run
 * decides. So batches may score any number of positions without a session for each number.
 */
import type { Graph, Node, Value } from './graph.ts';

/** Stands for the varying dimension in a shape, and for "the rest" in the target of a Reshape. */
export const VARYING = -1;

/** Throws when the graphs differ in anything but the varying dimension of shapes. */
export function generalize(a: Graph, b: Graph): Graph {
  return {
    inputs: zip(a.inputs, b.inputs, generalValue),
    constants: zip(a.constants, b.constants, (x, y) => generalConstant(a, x, y)),
    nodes: zip(a.nodes, b.nodes, generalNode),
    outputs: new Map(
      zip([...a.outputs], [...b.outputs], ([name, x], [, y]) => [name, generalValue(x, y)]),
    ),
  };
}

/** A shape with the varying dimension filled in. */
export function sized(shape: readonly number[], size: number): number[] {
  return shape.map((dimension) => (dimension === VARYING ? size : dimension));
}

/** A graph with the varying dimension filled in everywhere. */
export function sizedGraph(graph: Graph, size: number): Graph {
  const sizedValue = (value: Value): Value => ({ ...value, shape: sized(value.shape, size) });
  return {
    inputs: graph.inputs.map(sizedValue),
    constants: graph.constants,
    nodes: graph.nodes.map((node) => ({ ...node, outputs: node.outputs.map(sizedValue) })),
    outputs: new Map([...graph.outputs].map(([name, value]) => [name, sizedValue(value)])),
  };
}

type Constant = Graph['constants'][number];

function generalNode(a: Node, b: Node): Node {
  const described = ({ operator, domain, inputs, attributes }: Node): string =>
    JSON.stringify([operator, domain, inputs, attributes]);
  if (described(a) !== described(b)) throw notGeneral(`${a.operator} and ${b.operator}`);
  return { ...a, outputs: zip(a.outputs, b.outputs, generalValue) };
}

function generalValue(a: Value, b: Value): Value {
  if (a.name !== b.name || a.type !== b.type) throw notGeneral(a.name);
  const shape = zip(a.shape, b.shape, (x, y) => (x === y ? x : VARYING));
  return { ...a, shape };
}

/** Only a Reshape's target may depend on the size, and only in one place. */
function generalConstant(graph: Graph, a: Constant, b: Constant): Constant {
  const value = generalValue(a, b);
  const data = zip(
    Array.from<number | bigint>(a.data),
    Array.from<number | bigint>(b.data),
    (x, y) => (x === y ? x : VARYING),
  );
  const varying = data.filter((element, i) => element !== a.data[i]).length;
  if (varying === 0) return a;
  const onlyTarget = graph.nodes.every(
    ({ operator, inputs }) => operator === 'Reshape' || !inputs.includes(a.name),
  );
  if (varying > 1 || !onlyTarget) throw notGeneral(`constant ${a.name}`);
  return { ...value, data: BigInt64Array.from(data, BigInt) };
}

function zip<A, B, C>(a: readonly A[], b: readonly B[], join: (x: A, y: B) => C): C[] {
  if (a.length !== b.length) throw notGeneral(`lengths ${a.length} and ${b.length}`);
  return a.map((x, i) => join(x, b[i]));
}

function notGeneral(what: string): Error {
  return new Error(`Two traces of one program differ in more than the varying size: ${what}.`);
}
