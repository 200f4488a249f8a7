/**
 * Rewrites a graph for providers that have no kernel for ONNX Runtime's own FusedMatMul, WebGPU
 * among them, where such a node would silently run on the CPU.
 */
import type { Graph, Node, Value } from '../trace/graph.ts';

/** The same computation with every FusedMatMul as transpositions, MatMul and scaling. */
export function withStandardMatMul(graph: Graph): Graph {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of [...graph.inputs, ...graph.constants]) shapes.set(name, shape);
  const constants = new Map(graph.constants.map((constant) => [constant.name, constant]));
  const nodes = graph.nodes.flatMap((node) => {
    for (const { name, shape } of node.outputs) shapes.set(name, shape);
    if (node.operator !== 'FusedMatMul') return [node];
    const { name, shape, data } = alphaConstant(node);
    constants.set(name, { name, shape, data, type: 'float32' });
    return separated(node, name, shapes);
  });
  return { ...graph, nodes, constants: [...constants.values()] };
}

function alphaConstant({ attributes }: Node): {
  name: string;
  shape: readonly number[];
  data: Float32Array;
} {
  const { alpha } = attributes;
  const value = typeof alpha === 'object' && 'float' in alpha ? alpha.float : 1;
  return { name: `alpha ${value}`, shape: [], data: Float32Array.of(value) };
}

function separated(
  { inputs: [a, b], outputs: [output], attributes }: Node,
  alpha: string,
  shapes: ReadonlyMap<string, readonly number[]>,
): Node[] {
  const nodes: Node[] = [];
  const add = (
    operator: string,
    inputs: readonly string[],
    result: Value,
    attributesOfNode: Node['attributes'] = {},
  ): string => {
    nodes.push({ operator, domain: '', inputs, outputs: [result], attributes: attributesOfNode });
    return result.name;
  };
  const operand = (input: string, side: 'A' | 'B'): string => {
    const shape = shapes.get(input) ?? [];
    const order = axisOrder(shape.length, attributes, side);
    if (order.every((axis, i) => axis === i)) return input;
    const transposed = order.map((axis) => shape[axis]);
    const name = `${output.name} ${side}`;
    return add('Transpose', [input], { name, shape: transposed, type: 'float32' }, { perm: order });
  };
  const product = { ...output, name: `${output.name} product` };
  add('MatMul', [operand(a, 'A'), operand(b, 'B')], product);
  add('Mul', [product.name, alpha], output);
  return nodes;
}

/** `transBatch` moves the first axis behind the batch axes, then `trans` exchanges the last two. */
function axisOrder(rank: number, attributes: Node['attributes'], side: 'A' | 'B'): number[] {
  let order = Array.from({ length: rank }, (_, axis) => axis);
  if (attributes[`transBatch${side}`] === 1) order = [...order.slice(1, -1), 0, rank - 1];
  if (attributes[`trans${side}`] === 1) {
    const last = order.slice(-2).toReversed();
    order = [...order.slice(0, -2), ...last];
  }
  return order;
}
