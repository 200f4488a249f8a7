/**
 * A restricted reader of Python pickles, protocols 2 to 5: it builds dictionaries, lists, tuples,
 * strings, numbers and what its caller allows by name. It can call nothing: a pickle that asks for
 * any other global is refused by that name. (PEP 307, PEP 3154; opcodes as in CPython's pickletools.)
 */
import { UserError } from '../base/errors.ts';

/** `module.name` of something callable in Python, kept as a name. */
export interface PickleGlobal {
  readonly kind: 'global';
  readonly name: string;
}
/** An ordered dictionary; Python allows keys of any type, here they are strings or numbers. */
export type PickleDictionary = Map<string | number, PickleValue>;
/** What a caller's `reduce` or `persistent` made; the reader passes it on unseen. */
export interface PickleObject {
  readonly kind: 'object';
  readonly value: unknown;
}
export type PickleValue =
  null | boolean | number | string | PickleGlobal | PickleObject | PickleDictionary | PickleValue[];

export interface PickleRules {
  /** File name for messages. */
  readonly file: string;
  /** True for the globals that may be named at all. */
  allows(global: string): boolean;
  /** The result of calling an allowed global. */
  call(global: string, args: readonly PickleValue[]): PickleValue;
  /** The value behind a persistent id. */
  persistent(id: PickleValue): PickleValue;
}

const OPCODES = {
  0x28: 'MARK',
  0x2e: 'STOP',
  0x30: 'POP',
  0x4b: 'BININT1',
  0x4d: 'BININT2',
  0x4a: 'BININT',
  0x8a: 'LONG1',
  0x47: 'BINFLOAT',
  0x4e: 'NONE',
  0x88: 'NEWTRUE',
  0x89: 'NEWFALSE',
  0x58: 'BINUNICODE',
  0x8c: 'SHORT_BINUNICODE',
  0x7d: 'EMPTY_DICT',
  0x5d: 'EMPTY_LIST',
  0x29: 'EMPTY_TUPLE',
  0x74: 'TUPLE',
  0x85: 'TUPLE1',
  0x86: 'TUPLE2',
  0x87: 'TUPLE3',
  0x73: 'SETITEM',
  0x75: 'SETITEMS',
  0x61: 'APPEND',
  0x65: 'APPENDS',
  0x71: 'BINPUT',
  0x72: 'LONG_BINPUT',
  0x94: 'MEMOIZE',
  0x68: 'BINGET',
  0x6a: 'LONG_BINGET',
  0x63: 'GLOBAL',
  0x93: 'STACK_GLOBAL',
  0x52: 'REDUCE',
  0x62: 'BUILD',
  0x51: 'BINPERSID',
  0x80: 'PROTO',
  0x95: 'FRAME',
} as const;
type Opcode = (typeof OPCODES)[keyof typeof OPCODES];
const OPCODE_BY_BYTE = new Map<number, Opcode>(
  Object.entries(OPCODES).map(([byte, name]) => [Number(byte), name]),
);

/** Reads the one value of a pickle. Throws a UserError for anything it does not understand. */
export function readPickle(bytes: Uint8Array, rules: PickleRules): PickleValue {
  return new PickleReader(bytes, rules).read();
}

class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rules: PickleRules;
  readonly #memo = new Map<number, PickleValue>();
  /** Values under construction; MARK starts a new list of them. */
  #stack: PickleValue[] = [];
  readonly #outer: PickleValue[][] = [];
  #position = 0;

  constructor(bytes: Uint8Array, rules: PickleRules) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#rules = rules;
  }

  read(): PickleValue {
    for (;;) {
      const byte = this.#byte();
      const opcode = OPCODE_BY_BYTE.get(byte);
      if (opcode === undefined) throw this.#refuse(`opcode 0x${byte.toString(16)}`);
      if (opcode === 'STOP') return this.#pop();
      this.#execute(opcode);
    }
  }

  #execute(opcode: Exclude<Opcode, 'STOP'>): void {
    switch (opcode) {
      case 'PROTO':
        this.#byte();
        return;
      case 'FRAME':
        this.#take(8);
        return;
      case 'MARK':
        this.#outer.push(this.#stack);
        this.#stack = [];
        return;
      case 'POP':
        this.#pop();
        return;
      case 'NONE':
        this.#stack.push(null);
        return;
      case 'NEWTRUE':
        this.#stack.push(true);
        return;
      case 'NEWFALSE':
        this.#stack.push(false);
        return;
      case 'BININT1':
        this.#stack.push(this.#byte());
        return;
      case 'BININT2':
        this.#stack.push(this.#view.getUint16(this.#take(2), true));
        return;
      case 'BININT':
        this.#stack.push(this.#view.getInt32(this.#take(4), true));
        return;
      case 'LONG1':
        this.#stack.push(this.#long());
        return;
      case 'BINFLOAT':
        this.#stack.push(this.#view.getFloat64(this.#take(8)));
        return;
      case 'BINUNICODE':
        this.#stack.push(this.#text(this.#uint32()));
        return;
      case 'SHORT_BINUNICODE':
        this.#stack.push(this.#text(this.#byte()));
        return;
      case 'EMPTY_DICT':
        this.#stack.push(new Map());
        return;
      case 'EMPTY_LIST':
      case 'EMPTY_TUPLE':
        this.#stack.push([]);
        return;
      case 'TUPLE':
        this.#push(this.#popMark());
        return;
      case 'TUPLE1':
        this.#push([this.#pop()]);
        return;
      case 'TUPLE2':
        this.#push([this.#pop(), this.#pop()].reverse());
        return;
      case 'TUPLE3':
        this.#push([this.#pop(), this.#pop(), this.#pop()].reverse());
        return;
      case 'SETITEM':
        this.#setItems([this.#pop(), this.#pop()].reverse());
        return;
      case 'SETITEMS':
        this.#setItems(this.#popMark());
        return;
      case 'APPEND':
        this.#append([this.#pop()]);
        return;
      case 'APPENDS':
        this.#append(this.#popMark());
        return;
      case 'BINPUT':
        this.#memo.set(this.#byte(), this.#top());
        return;
      case 'LONG_BINPUT':
        this.#memo.set(this.#uint32(), this.#top());
        return;
      case 'MEMOIZE':
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 'BINGET':
        this.#push(this.#remembered(this.#byte()));
        return;
      case 'LONG_BINGET':
        this.#push(this.#remembered(this.#uint32()));
        return;
      case 'GLOBAL':
        this.#global(this.#line(), this.#line());
        return;
      case 'STACK_GLOBAL': {
        const name = this.#pop();
        const module = this.#pop();
        if (typeof name !== 'string' || typeof module !== 'string') throw this.#damaged();
        this.#global(module, name);
        return;
      }
      case 'REDUCE':
        this.#reduce();
        return;
      case 'BUILD':
        this.#build();
        return;
      case 'BINPERSID':
        this.#push(this.#rules.persistent(this.#pop()));
        return;
    }
  }

  #global(module: string, name: string): void {
    const global = `${module}.${name}`;
    if (!this.#rules.allows(global)) throw this.#refuse(`"${global}"`);
    this.#push({ kind: 'global', name: global });
  }

  #reduce(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (!isGlobal(callee) || !Array.isArray(args)) throw this.#damaged();
    this.#push(this.#rules.call(callee.name, args));
  }

  /** State of an object. A state dictionary's is its version metadata, of no use here. */
  #build(): void {
    this.#pop();
    if (!(this.#top() instanceof Map)) throw this.#refuse('an object with a state of its own');
  }

  #setItems(items: readonly PickleValue[]): void {
    const target = this.#top();
    if (!(target instanceof Map) || items.length % 2 !== 0) throw this.#damaged();
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== 'string' && typeof key !== 'number') throw this.#damaged();
      target.set(key, items[i + 1]);
    }
  }

  #append(items: readonly PickleValue[]): void {
    const target = this.#top();
    if (!Array.isArray(target)) throw this.#damaged();
    for (const item of items) target.push(item);
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#damaged();
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#damaged();
    return value;
  }

  #popMark(): PickleValue[] {
    const items = this.#stack;
    const outer = this.#outer.pop();
    if (outer === undefined) throw this.#damaged();
    this.#stack = outer;
    return items;
  }

  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged();
    return value;
  }

  /** Advances over `length` bytes and returns where they begin. */
  #take(length: number): number {
    const start = this.#position;
    if (start + length > this.#bytes.length) throw this.#damaged();
    this.#position += length;
    return start;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)];
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A little-endian two's-complement integer of 0 to 255 bytes, of which 8 are enough here. */
  #long(): number {
    const length = this.#byte();
    const start = this.#take(length);
    if (length > 8) throw this.#refuse('an integer of more than 64 bits');
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.#bytes[start + i]) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * length, value));
  }

  #text(length: number): string {
    const start = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end === -1) throw this.#damaged();
    const line = this.#text(end - this.#position);
    this.#position++;
    return line;
  }

  #refuse(what: string): UserError {
    return new UserError(
      'model/pickle-refused',
      `${this.#rules.file} asks for ${what}, which a file of tensors has no need of.`,
      'Only tensors are read from PyTorch files; save the model as safetensors on a machine where you trust this file.',
    );
  }

  #damaged(): UserError {
    return new UserError(
      'model/torch-file',
      `${this.#rules.file} is damaged: its list of tensors breaks off or makes no sense.`,
      'Fetch the file again, or save the model again with save_pretrained.',
    );
  }
}

function isGlobal(value: PickleValue): value is PickleGlobal {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Map) &&
    value.kind === 'global'
  );
}
