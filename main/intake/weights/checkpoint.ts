import { Fault } from '../../core/fault.ts'
import { openZip, type ZipReader } from '../../core/zip-read.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { storageOf } from '../../onnx/storage.ts'
import { gathered as rowMajor } from '../../onnx/strided.ts'
import { elementCount, tensor } from '../../onnx/tensor.ts'
import { isStoredTensor, unpickle, type PickleValue, type Refuse, type StorageRef, type StoredTensor } from './pickle.ts'

/** Numbers that PyTorch's older format begins with, before the weights. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn
const LEGACY_PROTOCOL = 1001
/** Of a file of weights, and of each tensor in it. */
export const MOST_BYTES = 2 ** 31 - 1

/** Bytes of the storages by their key; those of big-endian machines are refused before. */
type Storages = ReadonlyMap<string, Uint8Array>

/** The tensors of a PyTorch file: the zip of 1.6 and later, or the row of pickles before. `key`: the dictionary inside, where weights lie deeper. */
export async function readCheckpoint(path: string, bytes: () => Promise<Uint8Array>, isZip: boolean, key: string | undefined, refuse: Refuse): Promise<Map<string, Tensor>> {
  const { value, storages } = isZip ? await fromZip(path, refuse) : fromPickles(await bytes(), refuse)
  return tensorsOf(dictionaryIn(value, key, refuse), storages, refuse)
}

async function fromZip(path: string, refuse: Refuse): Promise<{ value: PickleValue; storages: Storages }> {
  const broken = (what: string): never => refuse(what, 'Copy the file again.')
  const zip = await openZip(path, broken)
  try {
    const data = [...zip.entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name))
    if (data === undefined) return refuse('it is a zip without data.pkl: no PyTorch weights')
    const folder = data.slice(0, -'data.pkl'.length)
    const order = zip.entries.has(`${folder}byteorder`) ? new TextDecoder().decode(await entryBytes(zip, `${folder}byteorder`, broken)) : 'little'
    if (order !== 'little') refuse(`its values are written ${order}-endian`)
    const { value } = unpickle(await entryBytes(zip, data, broken), 0, refuse)
    const names = [...zip.entries.keys()].filter((name) => name.startsWith(`${folder}data/`))
    const storages = new Map<string, Uint8Array>()
    for (const name of names) storages.set(name.slice(`${folder}data/`.length), await entryBytes(zip, name, broken))
    return { value, storages }
  } finally {
    await zip.close()
  }
}

async function entryBytes(zip: ZipReader, name: string, refuse: (what: string) => never): Promise<Uint8Array> {
  const entry = zip.entries.get(name)!
  if (entry.bytes > MOST_BYTES) refuse(`«${name}» is over 2 GB`)
  const whole = new Uint8Array(entry.bytes)
  let at = 0
  await zip.content(entry, refuse, async (pieces) => {
    for await (const piece of pieces) {
      whole.set(piece, at)
      at += piece.byteLength
    }
  })
  return whole
}

/** Magic number, protocol, facts of the machine, the weights, the keys of the storages; then their values, each after its length. */
function fromPickles(bytes: Uint8Array, refuse: Refuse): { value: PickleValue; storages: Storages } {
  const magic = unpickle(bytes, 0, refuse)
  if (magic.value !== LEGACY_MAGIC) return refuse('it is no file of PyTorch weights')
  const protocol = unpickle(bytes, magic.end, refuse)
  if (protocol.value !== LEGACY_PROTOCOL) refuse('it is of a version of PyTorch that is not known')
  const machine = unpickle(bytes, protocol.end, refuse)
  if (machine.value instanceof Map && machine.value.get('little_endian') === false) refuse('its values are written big-endian')
  const weights = unpickle(bytes, machine.end, refuse)
  const keys = unpickle(bytes, weights.end, refuse)
  if (!Array.isArray(keys.value)) return refuse('it is damaged: its storages have no keys')
  const types = storageTypes(weights.value)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const storages = new Map<string, Uint8Array>()
  let at = keys.end
  for (const key of keys.value) {
    const storage = typeof key === 'string' ? types.get(key) : undefined
    if (storage === undefined || at + 8 > bytes.length) return refuse('it is damaged: a storage is missing', 'Copy the file again.')
    const length = Number(view.getBigInt64(at, true)) * storageOf(storage.type)!.array.BYTES_PER_ELEMENT
    if (!(length >= 0) || at + 8 + length > bytes.length) refuse('it is cut short', 'Copy the file again.')
    storages.set(storage.key, bytes.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return { value: weights.value, storages }
}

function storageTypes(value: PickleValue, found = new Map<string, StorageRef>(), seen = new Set<PickleValue>()): Map<string, StorageRef> {
  if (isStoredTensor(value)) found.set(value.storage.key, value.storage)
  else if ((value instanceof Map || Array.isArray(value)) && !seen.has(value)) {
    seen.add(value)
    for (const inner of value.values()) storageTypes(inner, found, seen)
  }
  return found
}

const isDictionary = (value: PickleValue | undefined): value is Map<PickleValue, PickleValue> => value instanceof Map
const holdsTensors = (value: PickleValue | undefined): boolean => isDictionary(value) && [...value.values()].some(isStoredTensor)

/** The dictionary of weights: the file's own, that of `key`, or the only one inside that holds tensors. */
function dictionaryIn(value: PickleValue, key: string | undefined, refuse: Refuse): Map<PickleValue, PickleValue> {
  if (!isDictionary(value)) return refuse('it holds no dictionary of weights')
  const inner = [...value].filter(([, held]) => holdsTensors(held)).map(([name]) => String(name))
  const offer = inner.length === 0 ? 'Leave `key` out of the rules.' : `Say \`key: ${inner[0]}\` in the rules${inner.length === 1 ? '' : `; there are ${inner.join(', ')}`}.`
  if (key !== undefined) {
    const held = value.get(key)
    return isDictionary(held) && holdsTensors(held) ? held : refuse(`it has no weights under «${key}»`, offer)
  }
  if (holdsTensors(value)) return value
  if (inner.length === 1) return value.get(inner[0]!) as Map<PickleValue, PickleValue>
  return refuse(inner.length === 0 ? 'it holds no tensors' : 'it holds several dictionaries of weights', inner.length === 0 ? undefined : offer)
}

function tensorsOf(dictionary: ReadonlyMap<PickleValue, PickleValue>, storages: Storages, refuse: Refuse): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>()
  for (const [name, value] of dictionary) if (typeof name === 'string' && isStoredTensor(value)) tensors.set(name, gathered(name, value, storages, refuse))
  return tensors
}

/** A view of a storage as row-major values of its own. */
function gathered(name: string, { storage, offset, dims, strides }: StoredTensor, storages: Storages, refuse: Refuse): Tensor {
  const bytes = storages.get(storage.key)
  const { array } = storageOf(storage.type)!
  if (bytes === undefined || bytes.byteLength < storage.length * array.BYTES_PER_ELEMENT) return refuse(`the values of «${name}» are missing`, 'Copy the file again.')
  const count = elementCount(dims)
  const last = dims.reduce((sum, dim, axis) => sum + Math.max(0, dim - 1) * strides[axis]!, offset)
  if (!Number.isSafeInteger(count) || (count > 0 && last >= storage.length)) return refuse(`«${name}» reaches beyond its values`, 'Copy the file again.')
  if (count * array.BYTES_PER_ELEMENT > MOST_BYTES) throw new Fault({ code: 'input.weights-file', where: name, what: 'a tensor over 2 GB is not read here' })
  const from = new array(bytes.slice(0, storage.length * array.BYTES_PER_ELEMENT).buffer)
  return tensor(storage.type, dims, rowMajor(from, dims, strides, offset))
}
