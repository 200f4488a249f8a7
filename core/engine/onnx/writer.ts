/** Writes a traced graph as an ONNX model. */
import { ONNX_TYPE } from '../trace/stockKernels.ts';
import { VARYING } from '../trace/generalize.ts';
import type { Attribute, Graph, Node, Value } from '../trace/graph.ts';
import { MODEL } from './schema.ts';

const IR_VERSION = 9;
const OPERATOR_SET = 20;
/** Numbers of AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, integer: 2, string: 3, integers: 7 } as const;

export function encodeModel(graph: Graph): Uint8Array {
  const outputs = new Map([...graph.outputs.values()].map((value) => [value.name, value]));
  return MODEL.encode({
    ir_version: IR_VERSION,
    producer_name: 'palimpsest',
    graph: {
      name: 'program',
      node: graph.nodes.map(nodeMessage),
      initializer: graph.constants.map(({ name, shape, type, data }) => ({
        name,
        dims: shape,
        data_type: ONNX_TYPE[type],
        raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
      input: graph.inputs.map(valueMessage),
      output: [...outputs.values()].map(valueMessage),
    },
    opset_import: [
      { domain: '', version: OPERATOR_SET },
      { domain: 'com.microsoft', version: 1 },
    ],
  }).finish();
}

function nodeMessage(
  { operator, domain, inputs, outputs, attributes }: Node,
  index: number,
): object {
  return {
    name: `${operator}_${index}`,
    op_type: operator,
    domain,
    input: inputs,
    output: outputs.map(({ name }) => name),
    attribute: Object.entries(attributes).map(([name, value]) => attributeMessage(name, value)),
  };
}

function attributeMessage(name: string, value: Attribute): object {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE.integer };
  if (typeof value === 'string') return { name, s: Buffer.from(value), type: ATTRIBUTE.string };
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE.float };
  return { name, ints: value, type: ATTRIBUTE.integers };
}

function valueMessage({ name, shape, type }: Value): object {
  return {
    name,
    type: {
      tensor_type: {
        elem_type: ONNX_TYPE[type],
        shape: { dim: shape.map(dimensionMessage) },
      },
    },
  };
}

function dimensionMessage(dimension: number): object {
  return dimension === VARYING ? { dim_param: 'varying' } : { dim_value: dimension };
}
