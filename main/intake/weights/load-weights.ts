import { open, readFile } from 'node:fs/promises'
import { Fault } from '../../core/fault.ts'
import { asWriteFault } from '../../core/files.ts'
import type { ElementType } from '../../onnx/element-type.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import { transposed } from '../../onnx/strided.ts'
import { float32, isFloat, tensor } from '../../onnx/tensor.ts'
import { decodeNpz } from '../../samples/npz.ts'
import { MOST_BYTES, readCheckpoint } from './checkpoint.ts'
import { matchWeights, type WeightMatch } from './match.ts'
import { refuseAt } from './pickle.ts'
import { decodeSafetensors } from './safetensors.ts'
import type { WeightRules } from './rules.ts'

/** The tensors of a .safetensors, .npz or PyTorch file, recognised by what is in it. Throws `input.missing-file`, `input.weights-file`. */
export async function readWeights(path: string, key?: string): Promise<Map<string, Tensor>> {
  const refuse = refuseAt(path)
  const head = await headOf(path)
  const bytes = async (): Promise<Uint8Array> => {
    const read = await readFile(path)
    return new Uint8Array(read.buffer, read.byteOffset, read.byteLength)
  }
  const isZip = head.length >= 4 && head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4
  const isCheckpoint = head[0] === 0x80 || (isZip && !/\.npz$/i.test(path))
  if (key !== undefined && !isCheckpoint) refuse('only a PyTorch file holds dictionaries inside', 'Take `key` out of the rules.')
  if (isCheckpoint) return readCheckpoint(path, bytes, isZip, key, refuse)
  if (isZip) return decodeNpz(await bytes(), path)
  if (/\.safetensors$/i.test(path)) return decodeSafetensors(await bytes(), refuse)
  return refuse('this is neither .safetensors, nor .npz, nor a PyTorch file', 'Save the weights in one of these forms.')
}

async function headOf(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    if (size > MOST_BYTES) throw new Fault({ code: 'input.weights-file', where: path, what: 'a file of weights over 2 GB is not read here', next: 'Save the weights alone, without the optimizer.' })
    const head = new Uint8Array(4)
    const { bytesRead } = await file.read(head, 0, 4, 0)
    return head.subarray(0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Fault({ code: 'input.missing-file', where: path, what: 'there is no such file', next: 'Check the path.' }, { cause: error })
    throw error instanceof Fault ? error : asWriteFault(error, path)
  }
}

export interface LoadedWeights {
  readonly graph: Graph
  readonly match: WeightMatch
  /** Types of the file that were converted to those of the graph. */
  readonly converted: readonly ElementType[]
}

/**
 * A graph with its weights replaced by those of a file. Throws `input.weights-mismatch` where a shape differs, where nothing fits, and,
 * unless `allowMissing`, where a weight or a key is left over: nothing is loaded then.
 */
export function loadWeights(graph: Graph, tensors: ReadonlyMap<string, Tensor>, rules: WeightRules, { where, allowMissing = false }: { readonly where: string; readonly allowMissing?: boolean }): LoadedWeights {
  const match = matchWeights(graph, tensors, rules)
  const { pairs, missing, unexpected, wrongShapes } = match
  if (pairs.length === 0 || wrongShapes.length > 0 || (!allowMissing && missing.length + unexpected.length > 0)) throw mismatch(match, where)
  const converted = new Set<ElementType>()
  const initializers = new Map(graph.initializers)
  for (const { name, key, dims, perm } of pairs) {
    const from = tensors.get(key)!
    const to = graph.initializers.get(name)!
    if (from.type !== to.type) converted.add(from.type)
    initializers.set(name, asType(perm === undefined ? from : transposed(from, perm), to.type, dims, key))
  }
  return { graph: { ...graph, initializers }, match, converted: [...converted] }
}

/** Float types become float32; anything else must be of the graph's own type. */
function asType(from: Tensor, type: ElementType, dims: readonly number[], key: string): Tensor {
  if (from.type === type) return tensor(type, dims, from.data)
  if (isFloat(from.type) && type === 'float32') return tensor('float32', dims, float32(from).slice())
  throw new Fault({ code: 'input.weights-mismatch', where: key, what: `the file holds ${from.type}, the graph wants ${type}`, next: 'Save the weights in the type of the graph, or export the graph in float32.' })
}

const shape = (dims: readonly number[]): string => `[${dims.join(', ')}]`

function mismatch({ pairs, missing, unexpected, wrongShapes, nearest }: WeightMatch, where: string): Fault {
  const lines = [
    ...(missing.length === 0 ? [] : [`${missing.length} weights of the graph find nothing: ${missing.join(', ')}`]),
    ...(unexpected.length === 0 ? [] : [`${unexpected.length} keys of the file are left over: ${unexpected.join(', ')}`]),
    ...(wrongShapes.length === 0 ? [] : [`${wrongShapes.length} have another shape: ${wrongShapes.map(({ name, key, dims, found }) => `${name} ${shape(dims)} ↔ ${key} ${shape(found)}`).join(', ')}`]),
    ...(nearest.length === 0 ? [] : [`these may mean the same: ${nearest.map(({ name, key }) => `${name} ↔ ${key}`).join(', ')}`]),
  ]
  const turned = wrongShapes.find(({ dims, found }) => dims.length === 2 && dims[0] === found[1] && dims[1] === found[0])
  const next = turned !== undefined ? `Say \`transpose: [{ match: '${turned.key}', perm: [1, 0] }]\` in the rules.`
    : wrongShapes.length > 0 ? 'The file is of another model, or of another size of it.'
      : pairs.length === 0 ? 'Give rules that rename the keys (--map), such as `preset: edsr`.'
        : 'Rename, ignore or keep them by rules (--map); --allow-missing loads what fits.'
  return new Fault({ code: 'input.weights-mismatch', where, what: `the weights do not fit the graph, nothing was loaded; ${lines.join('; ')}`, next })
}
