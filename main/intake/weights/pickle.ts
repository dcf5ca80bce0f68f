import { Fault } from '../../core/fault.ts'
import type { ElementType } from '../../onnx/element-type.ts'

/**
 * Reads Python's pickle format (protocols 2 to 5) as far as a PyTorch state dict needs it, and runs nothing: a pickle is a small
 * program that may call anything in Python; here the only calls are the few of `CALLS`, each of which is data put together.
 * Everything else is refused by its name. Format: CPython, Lib/pickletools.py.
 */

/** Values of one type that lie together in the file; tensors are views of it. */
export interface StorageRef {
  readonly kind: 'storage'
  readonly type: ElementType
  readonly key: string
  /** Elements. */
  readonly length: number
}

/** A tensor as PyTorch keeps it: a view of a storage. Offset and strides count elements. */
export interface StoredTensor {
  readonly kind: 'tensor'
  readonly storage: StorageRef
  readonly offset: number
  readonly dims: readonly number[]
  readonly strides: readonly number[]
}

interface Global {
  readonly kind: 'global'
  /** `module.name`. */
  readonly name: string
}

/** Lists and tuples are arrays, dictionaries are maps. */
export type PickleValue = null | boolean | number | bigint | string | Uint8Array | Global | StorageRef | StoredTensor | PickleValue[] | Map<PickleValue, PickleValue>

/** Where a checkpoint is refused. */
export type Refuse = (what: string, next?: string) => never

const ONLY_WEIGHTS = 'Save the weights alone, in Python: torch.save(model.state_dict(), "weights.pth"), or as .safetensors.'

export const refuseAt = (where: string): Refuse => (what, next = ONLY_WEIGHTS) => {
  throw new Fault({ code: 'input.weights-file', where, what, next })
}

const STORAGES = new Map<string, ElementType>(Object.entries({
  FloatStorage: 'float32', DoubleStorage: 'float64', HalfStorage: 'float16', BFloat16Storage: 'bfloat16', LongStorage: 'int64', IntStorage: 'int32',
  ShortStorage: 'int16', CharStorage: 'int8', ByteStorage: 'uint8', BoolStorage: 'bool',
}))
const MODULES = { utils: 'torch._utils', torch: 'torch' } as const

/** The element type of a name such as `torch.FloatStorage`. */
const storageType = (name: string): ElementType | undefined => (name.startsWith(`${MODULES.torch}.`) ? STORAGES.get(name.slice(MODULES.torch.length + 1)) : undefined)

/** What may be called, with what: each puts plain data together. */
const CALLS: Readonly<Record<string, (given: readonly PickleValue[], refuse: Refuse) => PickleValue>> = {
  'collections.OrderedDict': ([pairs], refuse) => new Map(pairs === undefined ? [] : listOf(pairs, refuse).map((pair) => listOf(pair, refuse) as [PickleValue, PickleValue])),
  'torch.Size': ([dims], refuse) => listOf(dims ?? [], refuse),
  [`${MODULES.utils}._rebuild_tensor`]: rebuiltTensor,
  [`${MODULES.utils}._rebuild_tensor_v2`]: rebuiltTensor,
  [`${MODULES.utils}._rebuild_parameter`]: ([data]) => data ?? null,
  [`${MODULES.utils}._rebuild_parameter_with_state`]: ([data]) => data ?? null,
}

function rebuiltTensor([storage, offset, dims, strides]: readonly PickleValue[], refuse: Refuse): StoredTensor {
  if (!isStorage(storage)) return refuse('a tensor has no storage')
  const [dimList, strideList] = [wholes(dims, refuse), wholes(strides, refuse)]
  if (dimList.length !== strideList.length || dimList.length > 32) refuse('a tensor has another number of strides than of dimensions')
  return { kind: 'tensor', storage, offset: whole(offset, refuse), dims: dimList, strides: strideList }
}

const isStorage = (value: PickleValue | undefined): value is StorageRef => value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'storage'
const isGlobal = (value: PickleValue | undefined): value is Global => value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'global'
export const isStoredTensor = (value: PickleValue | undefined): value is StoredTensor => value !== null && typeof value === 'object' && 'kind' in value && value.kind === 'tensor'

const listOf = (value: PickleValue, refuse: Refuse): PickleValue[] => (Array.isArray(value) ? value : refuse('a list is expected where something else stands'))

function whole(value: PickleValue | undefined, refuse: Refuse): number {
  const number = Number(value)
  if ((typeof value !== 'number' && typeof value !== 'bigint') || !Number.isSafeInteger(number) || number < 0) refuse('a size or an offset of a tensor is not a whole number')
  return number
}

const wholes = (value: PickleValue | undefined, refuse: Refuse): number[] => listOf(value ?? null, refuse).map((item) => whole(item, refuse))

/** The value of the pickle that begins at `at`, and where it ends. Throws `input.weights-file` that names what was refused. */
export function unpickle(bytes: Uint8Array, at: number, refuse: Refuse): { readonly value: PickleValue; readonly end: number } {
  const machine = new Machine(bytes, at, refuse)
  for (;;) {
    const code = machine.byte()
    if (code === STOP) return { value: machine.pop(), end: machine.at }
    const step = STEPS[code]
    if (step === undefined) refuse(`it holds an instruction that weights do not need (0x${code.toString(16)} at byte ${machine.at - 1})`)
    else step(machine)
  }
}

const MARK = Symbol('mark')

/** Stack, memory and reading place. */
class Machine {
  readonly #view: DataView
  readonly #stack: (PickleValue | typeof MARK)[] = []
  readonly memory = new Map<number, PickleValue>()
  readonly #bytes: Uint8Array
  readonly refuse: Refuse
  at: number

  constructor(bytes: Uint8Array, at: number, refuse: Refuse) {
    this.#bytes = bytes
    this.refuse = refuse
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  /** Moves on by `length` bytes and gives where they begin. */
  #skip(length: number): number {
    const from = this.at
    if (!(length >= 0) || from + length > this.#bytes.length) this.refuse('it is cut short', 'Copy the file again.')
    this.at += length
    return from
  }

  byte = (): number => this.#bytes[this.#skip(1)]!
  uint16 = (): number => this.#view.getUint16(this.#skip(2), true)
  uint32 = (): number => this.#view.getUint32(this.#skip(4), true)
  int32 = (): number => this.#view.getInt32(this.#skip(4), true)
  uint64 = (): number => Number(this.#view.getBigUint64(this.#skip(8), true))
  float64 = (): number => this.#view.getFloat64(this.#skip(8), false)
  taken(length: number): Uint8Array {
    const from = this.#skip(length)
    return this.#bytes.subarray(from, from + length)
  }
  text = (length: number): string => new TextDecoder().decode(this.taken(length))
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at)
    const text = this.text((end < 0 ? this.#bytes.length + 1 : end) - this.at)
    this.at += 1
    return text
  }
  /** Two's complement, little-endian, of any length. */
  long(length: number): bigint {
    const bytes = this.taken(length)
    const unsigned = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    return BigInt.asIntN(Math.max(1, length * 8), unsigned)
  }

  push(value: PickleValue): void { this.#stack.push(value) }
  mark(): void { this.#stack.push(MARK) }
  pop(): PickleValue {
    const value = this.#stack.pop()
    return value === undefined || value === MARK ? this.refuse('it is damaged: a value is missing') : value
  }
  top(): PickleValue {
    const value = this.pop()
    this.push(value)
    return value
  }
  /** What lies above the last mark; the mark goes too. */
  toMark(): PickleValue[] {
    const from = this.#stack.lastIndexOf(MARK)
    if (from < 0) this.refuse('it is damaged: a mark is missing')
    return this.#stack.splice(from).slice(1) as PickleValue[]
  }
  popped(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).toReversed()
  }
  remembered(key: number): PickleValue {
    const value = this.memory.get(key)
    return value === undefined ? this.refuse('it is damaged: it refers to what is not there') : value
  }
}

function setItems(machine: Machine, flat: readonly PickleValue[]): void {
  const into = machine.top()
  if (!(into instanceof Map) || flat.length % 2 !== 0) return machine.refuse('it is damaged: entries without a dictionary')
  for (let index = 0; index < flat.length; index += 2) into.set(flat[index]!, flat[index + 1]!)
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const into = machine.top()
  if (!Array.isArray(into)) return machine.refuse('it is damaged: items without a list')
  for (const item of items) into.push(item)
}

function global(machine: Machine, module: string, name: string): void {
  const full = `${module}.${name}`
  if (!Object.hasOwn(CALLS, full) && storageType(full) === undefined) machine.refuse(`the file wants to call «${full}», which weights do not need: nothing was run`)
  machine.push({ kind: 'global', name: full })
}

function reduce(machine: Machine): void {
  const [callee, given] = machine.popped(2)
  if (!isGlobal(callee) || !Object.hasOwn(CALLS, callee.name)) return machine.refuse(`the file wants to call ${isGlobal(callee) ? `«${callee.name}»` : 'something that is no name'}, which weights do not need: nothing was run`)
  machine.push(CALLS[callee.name]!(listOf(given!, machine.refuse), machine.refuse))
}

/** `("storage", torch.FloatStorage, key, location, length, …)`. */
function persistent(machine: Machine): void {
  const [tag, type, key, , length] = listOf(machine.pop(), machine.refuse)
  const element = isGlobal(type) ? storageType(type.name) : undefined
  if (tag !== 'storage' || element === undefined || typeof key !== 'string') return machine.refuse('it refers to something outside that is no storage of a tensor')
  machine.push({ kind: 'storage', type: element, key, length: whole(length, machine.refuse) })
}

/** State of an object: an OrderedDict brings its metadata, which says nothing of weights. */
function build(machine: Machine): void {
  machine.pop()
  if (!(machine.top() instanceof Map)) machine.refuse('the file sets the state of an object, which weights do not need: nothing was run')
}

const STOP = 0x2e

const STEPS: Readonly<Record<number, (machine: Machine) => void>> = {
  0x28: (m) => m.mark(),
  0x30: (m) => void m.pop(),
  0x32: (m) => m.push(m.top()),
  0x47: (m) => m.push(m.float64()),
  0x4a: (m) => m.push(m.int32()),
  0x4b: (m) => m.push(m.byte()),
  0x4d: (m) => m.push(m.uint16()),
  0x4e: (m) => m.push(null),
  0x42: (m) => m.push(m.taken(m.uint32())),
  0x43: (m) => m.push(m.taken(m.byte())),
  0x51: persistent,
  0x52: reduce,
  0x54: (m) => m.push(m.text(m.uint32())),
  0x55: (m) => m.push(m.text(m.byte())),
  0x58: (m) => m.push(m.text(m.uint32())),
  0x5d: (m) => m.push([]),
  0x61: (m) => append(m, m.popped(1)),
  0x62: build,
  0x63: (m) => global(m, m.line(), m.line()),
  0x64: (m) => { const flat = m.toMark(); m.push(new Map()); setItems(m, flat) },
  0x65: (m) => append(m, m.toMark()),
  0x68: (m) => m.push(m.remembered(m.byte())),
  0x6a: (m) => m.push(m.remembered(m.uint32())),
  0x6c: (m) => m.push(m.toMark()),
  0x71: (m) => void m.memory.set(m.byte(), m.top()),
  0x72: (m) => void m.memory.set(m.uint32(), m.top()),
  0x73: (m) => setItems(m, m.popped(2)),
  0x74: (m) => m.push(m.toMark()),
  0x75: (m) => setItems(m, m.toMark()),
  0x7d: (m) => m.push(new Map()),
  0x29: (m) => m.push([]),
  0x80: (m) => { const protocol = m.byte(); if (protocol < 2 || protocol > 5) m.refuse(`pickles of protocol ${protocol} are not read here`) },
  0x85: (m) => m.push(m.popped(1)),
  0x86: (m) => m.push(m.popped(2)),
  0x87: (m) => m.push(m.popped(3)),
  0x88: (m) => m.push(true),
  0x89: (m) => m.push(false),
  0x8a: (m) => m.push(m.long(m.byte())),
  0x8b: (m) => m.push(m.long(m.int32())),
  0x8c: (m) => m.push(m.text(m.byte())),
  0x8d: (m) => m.push(m.text(m.uint64())),
  0x8e: (m) => m.push(m.taken(m.uint64())),
  0x93: (m) => { const [module, name] = m.popped(2); if (typeof module !== 'string' || typeof name !== 'string') return m.refuse('it is damaged: a name is missing'); global(m, module, name) },
  0x94: (m) => void m.memory.set(m.memory.size, m.top()),
  0x95: (m) => void m.uint64(),
}
