import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { Fault } from '../core/fault.ts'
import { canonicalJson, sha256 } from '../core/hash.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import type { Tensor, ValueInfo } from '../onnx/graph.ts'
import { elementCount, float32, integers, isFloat, tensor, tensorOfNumbers } from '../onnx/tensor.ts'
import { drawIndices } from './choose-samples.ts'
import type { Expectation } from './expectation.ts'
import { decodeNpy } from './npy.ts'
import { decodeNpz } from './npz.ts'
import type { OpenedSamples, SamplesSpec } from './open-samples.ts'

/** The samples of one input: axis 0 of `values` counts them, `dims` is what one of them is fed as. */
interface InputArray {
  readonly input: ValueInfo
  readonly values: Tensor
  readonly dims: readonly number[]
}

const MAX_FILE_BYTES = 2 ** 31 - 1

async function readArrays(path: string): Promise<Map<string, Tensor>> {
  const { size } = await stat(path)
  if (size > MAX_FILE_BYTES) throw new Fault({ code: 'samples.npy', where: path, what: `the file has ${Math.round(size / 2 ** 20)} MB, more than 2 GB`, next: 'Save fewer samples.' })
  const bytes = await readFile(path)
  return extname(path).toLowerCase() === '.npy' ? new Map([['', decodeNpy(bytes, path)]]) : decodeNpz(bytes, path)
}

/** The array of each input: by name, or the only array for the only input. */
function assign(path: string, arrays: ReadonlyMap<string, Tensor>, inputs: readonly ValueInfo[]): { found: Map<ValueInfo, Tensor>; unused: string[] } {
  if (arrays.size === 1 && inputs.length === 1) return { found: new Map([[inputs[0]!, [...arrays.values()][0]!]]), unused: [] }
  const found = new Map<ValueInfo, Tensor>()
  for (const input of inputs) {
    const values = arrays.get(input.name)
    if (values === undefined) {
      const names = [...arrays.keys()].slice(0, 5).map((name) => `'${name}'`).join(', ')
      throw new Fault({ code: 'samples.input', where: path, what: `there is no array for the input '${input.name}'; the file has ${names}`, next: 'Name each array like the input that it feeds.' })
    }
    found.set(input, values)
  }
  const names = new Set(inputs.map(({ name }) => name))
  return { found, unused: [...arrays.keys()].filter((name) => !names.has(name)) }
}

/** Axis 0 counts samples: beside the input's own axes, or as its batch axis. */
function samplesAxis(path: string, input: ValueInfo, values: Tensor): InputArray {
  const shape = values.dims.join(', ')
  const rank = input.dims?.length ?? values.dims.length
  const own = values.dims.length === rank + 1 ? values.dims.slice(1) : [1, ...values.dims.slice(1)]
  const fits = values.dims.length > 0 && own.length === rank && own.every((dim, axis) => typeof input.dims?.[axis] !== 'number' || input.dims[axis] === dim)
  if (!fits) {
    const wanted = (input.dims ?? []).map((dim) => dim ?? '?').join(', ')
    const next = 'Give the samples along axis 0: as the batch, or as one axis more than the input has.'
    throw new Fault({ code: 'samples.shape', where: path, what: `the array for the input '${input.name}' has the shape [${shape}], the input is [${wanted}]`, next })
  }
  return { input, values, dims: own }
}

/** Values in the type that is fed: float32 for any float input, else the input's own integer type, nothing lost. */
function inFedType(path: string, input: ValueInfo, values: Tensor): Tensor {
  const type = isFloat(input.type) ? 'float32' : input.type
  if (values.type === type) return values
  if (isFloat(input.type)) return tensor('float32', values.dims, isFloat(values.type) ? float32(values) : Float32Array.from(integers(values)))
  const fault = () => new Fault({ code: 'samples.type', where: path, what: `the array for the input '${input.name}' holds ${values.type} values that ${input.type} cannot`, next: `Save it as ${input.type}.` })
  if (isFloat(values.type)) throw fault()
  const numbers = integers(values)
  const result = tensorOfNumbers(input.type, values.dims, numbers)
  if (integers(result).some((value, index) => value !== numbers[index])) throw fault()
  return result
}

function part({ values, dims }: InputArray, sample: number): Tensor {
  const size = elementCount(dims)
  return tensor(values.type, dims, values.data.slice(sample * size, (sample + 1) * size))
}

/**
 * Samples from a .npy or .npz file, fed as they are: no resizing, no colour, no range. Throws `samples.npy`, `samples.npz`,
 * `samples.input`, `samples.shape` and `samples.type` Faults.
 */
export async function openArrays(path: string, spec: SamplesSpec, expectation: Expectation, task: Task): Promise<OpenedSamples> {
  if (spec.reference !== undefined) {
    throw new Fault({ code: 'recipe.reference', where: 'reference', what: 'array samples cannot have reference pictures', next: 'Leave `reference` out: outputs are compared with those of the float model.' })
  }
  const { found, unused } = assign(path, await readArrays(path), expectation.inputs)
  const arrays: InputArray[] = []
  for (const [input, values] of found) {
    await breathe(task)
    arrays.push(samplesAxis(path, input, inFedType(path, input, values)))
  }
  const counts = new Set(arrays.map(({ values }) => values.dims[0]!))
  const total = arrays[0]?.values.dims[0] ?? 0
  if (counts.size !== 1 || total < 1) {
    throw new Fault({ code: 'samples.shape', where: path, what: `the arrays hold ${[...counts].join(' and ') || 'no'} samples`, next: 'Give every input the same number of samples along axis 0, at least one.' })
  }
  const { count = total, seed = 0 } = spec
  if (count > total) throw new Fault({ code: 'samples.count', where: 'count', what: `${count} samples are asked for, the arrays hold ${total}`, next: 'Give a smaller count.' })
  const chosen = count < total ? drawIndices(total, count, seed) : Array.from({ length: total }, (_, index) => index)
  const notes = [
    `${path}: ${total} samples are fed as they are, without preprocessing${spec.preprocess === undefined ? '' : ' (the recipe\'s preprocess does not apply to arrays)'}.`,
    ...(unused.length > 0 ? [`Arrays that no input takes are left alone: ${unused.slice(0, 5).join(', ')}.`] : []),
  ]
  for (const note of notes) task.report({ stage: 'samples', done: count, total: count, unit: 'samples', note })
  const ids = chosen.map((sample) => `sample_${String(sample).padStart(String(total - 1).length, '0')}`)
  return {
    kind: 'arrays', count, ids, skipped: [], preprocess: null, files: null, referenced: false, notes,
    sha256: hashOf(arrays, ids),
    load: async (index) => ({ id: ids[index]!, feeds: Object.fromEntries(arrays.map((array) => [array.input.name, part(array, chosen[index]!)])) }),
  }
}

/** Over the values as they are fed, not over the file: how an archive is packed does not matter. */
function hashOf(arrays: readonly InputArray[], ids: readonly string[]): string {
  const contents = arrays.map(({ input, values, dims }) => {
    const { buffer, byteOffset, byteLength } = values.data as Uint8Array
    return { input: input.name, type: values.type, dims, values: sha256(new Uint8Array(buffer, byteOffset, byteLength)) }
  })
  return sha256(canonicalJson({ format: 1, ids, contents }))
}
