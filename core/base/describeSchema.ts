/** Says in plain words what a value may be, from the JSON Schema that zod derives. */
import { z } from 'zod';

/** The parts of JSON Schema that our schemas use. */
const nodeSchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  const: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  minItems: z.number().optional(),
  get properties() {
    return z.record(z.string(), nodeSchema).optional();
  },
  get items() {
    return nodeSchema.optional();
  },
  get anyOf() {
    return z.array(nodeSchema).optional();
  },
});
export type SchemaNode = z.infer<typeof nodeSchema>;

/** The description of what `schema` accepts as input. */
export function schemaNode(schema: z.ZodType): SchemaNode {
  return nodeSchema.parse(z.toJSONSchema(schema, { io: 'input' }));
}

/** The part of a schema that describes the value at `path`; an object branch of a union is entered. */
export function nodeAt(node: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  let current: SchemaNode | undefined = node;
  for (const key of path) {
    const branches: readonly SchemaNode[] = current?.anyOf ?? (current ? [current] : []);
    current = undefined;
    for (const branch of branches) {
      current ??= typeof key === 'number' ? branch.items : branch.properties?.[String(key)];
    }
    if (current === undefined) return undefined;
  }
  return current;
}

/** Names of the keys an object may have, object branches of a union included. */
export function keysOf(node: SchemaNode | undefined): string[] {
  if (node?.anyOf) return node.anyOf.flatMap(keysOf);
  return Object.keys(node?.properties ?? {});
}

/** "a number above 0 and at most 1", "linear, constant or cosine", "a list of at least 1, each true or false". */
export function describeAllowed(node: SchemaNode): string {
  if (node.anyOf) return node.anyOf.map(describeAllowed).join(', or ');
  if (node.enum) return listed(node.enum);
  switch (node.type) {
    case 'number':
      return joined('a number', bounds(node));
    case 'integer':
      return joined('a whole number', bounds(node));
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a text that is not empty';
    case 'array':
      return `a list of at least ${node.minItems ?? 0}, each ${describeAllowed(node.items ?? {})}`;
    case 'object':
      return 'a section of keys and values';
    default:
      return 'a value';
  }
}

export function listed(words: readonly string[], conjunction = 'or'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words[words.length - 1]}`;
}

function joined(noun: string, limits: string): string {
  return limits === '' ? noun : `${noun} ${limits}`;
}

function bounds(node: SchemaNode): string {
  const { minimum, exclusiveMinimum } = node;
  const parts: string[] = [];
  const wholeAbove = node.type === 'integer' ? exclusiveMinimum : undefined;
  const least = wholeAbove === undefined ? minimum : wholeAbove + 1;
  if (least !== undefined) parts.push(`of at least ${least}`);
  else if (exclusiveMinimum !== undefined) parts.push(`above ${exclusiveMinimum}`);
  const { maximum, exclusiveMaximum } = node;
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) {
    parts.push(parts.length > 0 ? `at most ${maximum}` : `of at most ${maximum}`);
  } else if (exclusiveMaximum !== undefined) parts.push(`below ${exclusiveMaximum}`);
  return parts.join(' and ');
}
