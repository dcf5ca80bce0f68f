import { readFile } from 'node:fs/promises'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { Task } from '../../core/task.ts'
import { readCaffemodel } from '../../intake/caffe/caffemodel.ts'
import { importNet, type DetectionFacts } from '../../intake/caffe/import-net.ts'
import { encodeModel } from '../../onnx/encode.ts'
import { encodeNpz } from '../../samples/npz.ts'

export interface ImportCaffeInput {
  /** Absolute paths. */
  readonly prototxt: string
  readonly caffemodel: string
  /** Height and width in place of those of the prototxt. */
  readonly size?: readonly [height: number, width: number]
  /** Absolute paths of what is written: the model and, for a detector, the boxes that its decoder starts from. */
  readonly out: string
  readonly priors: string
}

export interface ImportCaffeOutput {
  readonly layers: number
  readonly nodes: number
  readonly inputs: readonly { readonly name: string; readonly dims: readonly (number | string | null)[] }[]
  readonly outputs: readonly { readonly name: string; readonly dims: readonly (number | string | null)[] }[]
  /** Layers with weights in the .caffemodel that the net does not have. */
  readonly unused: readonly string[]
  readonly detection: DetectionFacts | null
  readonly notes: readonly string[]
}

/** A Caffe net as an ONNX file. Throws `model.caffe-*` with file and line; nothing is written then. */
export async function importCaffeJob({ prototxt, caffemodel, size, out, priors }: ImportCaffeInput, task: Task): Promise<ImportCaffeOutput> {
  const step = (done: number): void => task.report({ stage: 'import-caffe', done, total: 3, unit: 'steps' })
  step(0)
  const source = new TextDecoder().decode(await readPlain(prototxt))
  const blobs = readCaffemodel(await readPlain(caffemodel), caffemodel)
  step(1)
  const asked = new Set<string>()
  const net = importNet(source, { where: prototxt, ...(size === undefined ? {} : { size }), weights: (layer) => (asked.add(layer), blobs.get(layer)) })
  step(2)
  task.signal.throwIfAborted()
  if (net.priors !== undefined) await writeFileAtomic(priors, encodeNpz({ priors: net.priors }))
  await writeFileAtomic(out, encodeModel(net.graph))
  step(3)
  const ends = (values: typeof net.graph.inputs) => values.map(({ name, dims }) => ({ name, dims: dims ?? [] }))
  return {
    layers: asked.size, nodes: net.graph.nodes.length, inputs: ends(net.graph.inputs), outputs: ends(net.graph.outputs),
    unused: [...blobs.keys()].filter((name) => !asked.has(name)), detection: net.detection ?? null, notes: net.notes,
  }
}

async function readPlain(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Fault({ code: 'input.missing-file', where: path, what: error.code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${error.code})`, next: 'Check the path.' }, { cause: error })
  })
}
