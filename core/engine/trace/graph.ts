/**
 * The graph that a trace records: ONNX operators over values of static shape. Building simplifies:
 * equal nodes are recorded once, constants are folded where a kernel asks, and what no output needs
 * is left out at the end.
 */
export type ElementType = 'float32' | 'int32' | 'int64' | 'bool';
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** Set when every element has this one value, known while tracing. */
  readonly splat?: number;
  /** Set for other constants. */
  readonly data?: ConstantData;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  readonly operator: string;
  /** '' for the ONNX operators, 'com.microsoft' for ONNX Runtime's. */
  readonly domain: string;
  /** Value names; '' for an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export interface Graph {
  readonly inputs: readonly Value[];
  readonly constants: readonly (Value & { readonly data: ConstantData })[];
  readonly nodes: readonly Node[];
  /** Value of each named output; two names may share a value. */
  readonly outputs: ReadonlyMap<string, Value>;
}

interface OutputShape {
  readonly shape: readonly number[];
  readonly type?: ElementType;
}

export class GraphBuilder {
  readonly #inputs: Value[] = [];
  readonly #constants = new Map<string, Value & { readonly data: ConstantData }>();
  readonly #nodes: Node[] = [];
  readonly #known = new Map<string, readonly Value[]>();
  #count = 0;

  input(name: string, shape: readonly number[], type: ElementType): Value {
    const value = { name, shape, type };
    this.#inputs.push(value);
    return value;
  }

  /** A constant of which every element is `splat`; it takes no memory until a node needs it whole. */
  splat(splat: number, shape: readonly number[], type: ElementType = 'float32'): Value {
    return { name: this.#name(), shape, type, splat };
  }

  constant(data: ConstantData, shape: readonly number[], type: ElementType): Value {
    if (data.length > 0 && data.every((element) => element === data[0])) {
      return this.splat(Number(data[0]), shape, type);
    }
    return { name: this.#name(), shape, type, data };
  }

  /** The int64 vectors that ONNX takes for shapes and axes. */
  integers(...values: readonly number[]): Value {
    const data = BigInt64Array.from(values, BigInt);
    return { name: this.#name(), shape: [values.length], type: 'int64', data };
  }

  scalar(value: number, type: ElementType = 'float32'): Value {
    return this.splat(value, [], type);
  }

  /** Records a node with one output. */
  node(
    operator: string,
    inputs: readonly (Value | null)[],
    output: OutputShape,
    attributes: Attributes = {},
    domain = '',
  ): Value {
    return this.nodes(operator, inputs, [output], attributes, domain)[0];
  }

  /** Records a node with several outputs. */
  nodes(
    operator: string,
    inputs: readonly (Value | null)[],
    outputs: readonly OutputShape[],
    attributes: Attributes = {},
    domain = '',
  ): readonly Value[] {
    const names = inputs.map((input) => (input === null ? '' : this.#materialized(input)));
    const key = JSON.stringify([operator, domain, names, attributes]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const values = outputs.map(({ shape, type = 'float32' as const }) => ({
      name: this.#name(),
      shape,
      type,
    }));
    this.#nodes.push({ operator, domain, inputs: names, outputs: values, attributes });
    this.#known.set(key, values);
    return values;
  }

  /** The graph of the nodes that these outputs need. */
  finish(outputs: ReadonlyMap<string, Value>): Graph {
    const inputNames = new Set(this.#inputs.map(({ name }) => name));
    const resolved = new Map<string, Value>();
    for (const [name, value] of outputs) {
      const direct =
        value.splat !== undefined || value.data !== undefined || inputNames.has(value.name);
      resolved.set(name, direct ? this.node('Identity', [value], value) : value);
    }
    const needed = new Set([...resolved.values()].map(({ name }) => name));
    const nodes: Node[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some(({ name }) => needed.has(name))) continue;
      nodes.push(node);
      for (const input of node.inputs) needed.add(input);
    }
    return {
      inputs: this.#inputs.filter(({ name }) => needed.has(name)),
      constants: [...this.#constants.values()].filter(({ name }) => needed.has(name)),
      nodes: nodes.toReversed(),
      outputs: resolved,
    };
  }

  #materialized(value: Value): string {
    if (value.splat === undefined && value.data === undefined) return value.name;
    const data = value.data ?? filled(value.splat ?? 0, value.shape, value.type);
    const content = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
    const key = `${value.type}[${value.shape.join()}]${content}`;
    const known = this.#constants.get(key) ?? { ...value, data };
    this.#constants.set(key, known);
    return known.name;
  }

  #name(): string {
    return `v${this.#count++}`;
  }
}

function filled(value: number, shape: readonly number[], type: ElementType): ConstantData {
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  switch (type) {
    case 'float32':
      return new Float32Array(length).fill(value);
    case 'int32':
      return new Int32Array(length).fill(value);
    case 'int64':
      return new BigInt64Array(length).fill(BigInt(value));
    case 'bool':
      return new Uint8Array(length).fill(value);
  }
}
