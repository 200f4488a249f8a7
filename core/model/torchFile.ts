/**
 * `pytorch_model.bin` as torch.save has written it since PyTorch 1.6: a ZIP archive of one pickle
 * (the names and layouts of the tensors) and one entry a storage (their bytes).
 */
import { UserError } from '../base/errors.ts';
import { openForReading } from './fileAccess.ts';
import type { ReadableFile } from './fileAccess.ts';
import { readPickle } from './pickle.ts';
import type { PickleObject, PickleValue } from './pickle.ts';
import { ELEMENT_BYTES, describeShape, elementCount } from './tensors.ts';
import type { ElementType, StoredTensor, TensorSource } from './tensors.ts';
import { isZip, readZipDirectory } from './zipArchive.ts';
import type { ZipEntry } from './zipArchive.ts';

const LARGEST_PICKLE = 100_000_000;

const STORAGE_TYPES: Readonly<Record<string, ElementType>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
const ORDERED_DICTIONARY = 'collections.OrderedDict';

class Storage {
  readonly type: ElementType;
  readonly key: string;

  constructor(type: ElementType, key: string) {
    this.type = type;
    this.key = key;
  }
}

class Layout {
  readonly storage: Storage;
  /** First element in the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements between neighbours, by dimension. */
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: number[], strides: number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** Opens a file and reads its list of tensors; no tensor is read yet, and no code is ever run. */
export async function openTorchFile(path: string): Promise<TensorSource> {
  const file = await openForReading(path);
  try {
    if (!isZip(await file.read(0, Math.min(4, file.size)))) {
      throw new UserError(
        'model/torch-file',
        `${path} is not in PyTorch's ZIP format.`,
        'Files from before PyTorch 1.6 are not read; load and save the model once with a current version, or use safetensors.',
      );
    }
    const entries = await readZipDirectory(file);
    const root = archiveRoot(file, entries);
    await checkByteOrder(file, entries.get(`${root}byteorder`));
    const pickle = entries.get(`${root}data.pkl`);
    if (pickle === undefined || pickle.size > LARGEST_PICKLE) {
      throw damaged(file, 'it has no list of tensors of a reasonable size');
    }
    const tensors = new Map<string, StoredTensor>();
    for (const [name, layout] of namedLayouts(file, await pickle.read())) {
      const data = entries.get(`${root}data/${layout.storage.key}`);
      tensors.set(name, describeTensor(file, name, layout, data));
    }
    return { tensors, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** All entries lie in one folder, whose name is that of the file when it was saved. */
function archiveRoot(file: ReadableFile, entries: ReadonlyMap<string, ZipEntry>): string {
  const roots = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (roots.length !== 1) throw damaged(file, 'it has no list of tensors');
  return roots[0].slice(0, -'data.pkl'.length);
}

async function checkByteOrder(file: ReadableFile, entry: ZipEntry | undefined): Promise<void> {
  if (entry === undefined) return;
  const order = new TextDecoder().decode(await entry.readRange(0, Math.min(entry.size, 16)));
  if (order !== 'little') throw damaged(file, 'it was saved on a big-endian machine');
}

function namedLayouts(file: ReadableFile, pickle: Uint8Array): Map<string, Layout> {
  const state = readPickle(pickle, {
    file: file.path,
    allows: (name) =>
      name === REBUILD_TENSOR ||
      name === REBUILD_PARAMETER ||
      name === ORDERED_DICTIONARY ||
      Object.hasOwn(STORAGE_TYPES, name),
    call: (name, args) => {
      if (name === ORDERED_DICTIONARY && args.length === 0) return new Map();
      if (name === REBUILD_TENSOR) return object(tensorLayout(file, args));
      if (name === REBUILD_PARAMETER && args.length > 0) return args[0];
      throw damaged(file, `it calls ${name} in an unknown way`);
    },
    persistent: (id) => object(storage(file, id)),
  });
  if (!(state instanceof Map)) throw damaged(file, 'it does not hold a dictionary of tensors');
  const layouts = new Map<string, Layout>();
  for (const [name, value] of state) {
    const layout = unwrap(value);
    if (typeof name !== 'string' || !(layout instanceof Layout)) {
      throw damaged(file, `its entry "${name}" is not a tensor`);
    }
    layouts.set(name, layout);
  }
  return layouts;
}

/** ('storage', type, key, location, element count) */
function storage(file: ReadableFile, id: PickleValue): Storage {
  if (!Array.isArray(id) || id.length !== 5 || id[0] !== 'storage') {
    throw damaged(file, 'it refers to a storage in an unknown way');
  }
  const [, kind, key] = id;
  if (typeof key !== 'string' || typeof kind !== 'object' || kind === null || !('kind' in kind)) {
    throw damaged(file, 'it refers to a storage in an unknown way');
  }
  const type = kind.kind === 'global' ? STORAGE_TYPES[kind.name] : undefined;
  if (type === undefined) throw damaged(file, 'it refers to a storage of an unknown type');
  return new Storage(type, key);
}

/** (storage, offset, shape, strides, requires_grad, hooks) */
function tensorLayout(file: ReadableFile, args: readonly PickleValue[]): Layout {
  const [from, offset, shape, strides] = args;
  const held = from === undefined ? undefined : unwrap(from);
  if (
    !(held instanceof Storage) ||
    !isCount(offset) ||
    !isCounts(shape) ||
    !isCounts(strides) ||
    shape.length !== strides.length
  ) {
    throw damaged(file, 'it describes a tensor in an unknown way');
  }
  return new Layout(held, offset, shape, strides);
}

function describeTensor(
  file: ReadableFile,
  name: string,
  layout: Layout,
  data: ZipEntry | undefined,
): StoredTensor {
  const { shape, strides, offset } = layout;
  const { type } = layout.storage;
  const width = ELEMENT_BYTES[type];
  const count = elementCount(shape);
  const span =
    count === 0 ? 0 : 1 + shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis], 0);
  // An expanded tensor (stride 0) could name more elements than its file has bytes.
  if (data === undefined || (offset + span) * width > data.size || count * width > data.size) {
    throw damaged(file, `the bytes of tensor "${name}" ${describeShape(shape)} are not there`);
  }
  const read = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await data.readRange(offset * width, span * width);
    return isContiguous(layout) ? bytes : gather(bytes, layout, width, count);
  };
  return { name, type, shape, byteLength: count * width, file: file.path, read };
}

function isContiguous({ shape, strides }: Layout): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** Copies a strided tensor into row-major order. */
function gather(
  bytes: Uint8Array,
  { shape, strides }: Layout,
  width: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(count * width);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < count; to++) {
    result.set(bytes.subarray(from * width, (from + 1) * width), to * width);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

function object(value: unknown): PickleObject {
  return { kind: 'object', value };
}

function unwrap(value: PickleValue): unknown {
  const isObject =
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'object';
  return isObject ? value.value : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function damaged(file: ReadableFile, reason: string): UserError {
  return new UserError(
    'model/torch-file',
    `${file.path} is not a valid PyTorch file: ${reason}.`,
    'Fetch the file again, or save the model again with save_pretrained.',
  );
}
