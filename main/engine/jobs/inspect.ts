import { bytesOnDisk } from '../../compare/size.ts'
import { parameterCount } from '../../compare/macs.ts'
import { boardReport, type BoardReport } from '../../boards/board-report.ts'
import { boardNamed } from '../../boards/read-profile.ts'
import type { CodeType } from '../../core/grid.ts'
import { quietTask, type Task } from '../../core/task.ts'
import type { Dim, Graph } from '../../onnx/graph.ts'
import { readQdq } from '../../quantize/read-qdq.ts'
import { openSession } from '../../runtime/session.ts'
import { inferValues } from '../../runtime/values.ts'
import { readModelOnce } from './last-model.ts'
import { loadWorkpiece, type Workpiece } from './workpiece.ts'

export interface InspectInput {
  /** Absolute path. */
  readonly model: string
  readonly threads: number
  /** Names of boards that are asked what they would do with it; absent: none. */
  readonly boards?: readonly string[]
  /** Absolute folder whose profiles of boards win over the built-in ones. */
  readonly workspace?: string
}

export interface EdgeTensor {
  readonly name: string
  readonly type: string
  /** A symbol or null where a size is not fixed; null alone: the rank is not known. */
  readonly dims: readonly Dim[] | null
  /** `nchw`, `nhwc` … where it could be told. */
  readonly layout: string | null
  /** Set where the tensor is quantized at the model's edge. */
  readonly quantization: { readonly type: CodeType; readonly scale: readonly number[]; readonly zeroPoint: readonly number[] } | null
}

export interface InspectOutput {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
  /** Name and version of the program that wrote the file; '' where it does not say. */
  readonly producer: string
  readonly irVersion: number
  /** Opset by domain; '' is ai.onnx. */
  readonly opsets: Readonly<Record<string, number>>
  readonly parameters: number
  readonly inputs: readonly EdgeTensor[]
  readonly outputs: readonly EdgeTensor[]
  /** Most frequent first. */
  readonly operators: readonly { readonly op: string; readonly domain: string; readonly count: number }[]
  /** What taking the model in would change, in plain words; empty when nothing. */
  readonly preparation: readonly string[]
  /** What is expected of samples and how that was found, a sentence each. */
  readonly expectation: readonly string[]
  /** Other files that the model's tensors were read from. */
  readonly externalFiles: readonly string[]
  /** In the order they were asked for. */
  readonly boards: readonly BoardReport[]
}

/** What a model file holds, whether this runtime takes it, and what is expected of its samples. */
export async function inspectJob({ model, threads, boards = [], workspace }: InspectInput, task: Task): Promise<InspectOutput> {
  task.report({ stage: 'inspect', done: 0, total: 2, unit: 'steps' })
  const profiles = await Promise.all(boards.map((name) => boardNamed(name, { workspace })))
  const piece = await loadWorkpiece(model, readModelOnce)
  task.report({ stage: 'inspect', done: 1, total: 2, unit: 'steps' })
  const { file, guess } = piece
  // Loading is the only way to know that this runtime has every operator.
  await (await openSession(piece.graphBytes, { mode: 'reference', threads, where: model })).close()
  const scales = new Map(readQdq(file.graph).rows.map((row) => [row.tensor, row]))
  const facts = (value: { name: string; type: string; dims: readonly Dim[] | null }, layout: string | null): EdgeTensor => {
    const row = scales.get(value.name)
    return {
      name: value.name, type: value.type, dims: value.dims, layout,
      quantization: row && row.type !== 'float32' ? { type: row.type, scale: row.scale, zeroPoint: row.zeroPoint } : null,
    }
  }
  const judged = profiles.length === 0 ? undefined : await judgedGraph(piece)
  const counts = Map.groupBy(file.graph.nodes, (node) => `${node.domain}:${node.op}`)
  task.report({ stage: 'inspect', done: 2, total: 2, unit: 'steps' })
  return {
    path: model, sha256: file.sha256, bytes: await bytesOnDisk(model, file.externalFiles), irVersion: file.graph.irVersion,
    producer: [file.proto.producerName, file.proto.producerVersion].filter(Boolean).join(' '),
    opsets: Object.fromEntries(file.graph.opsets), parameters: parameterCount(file.graph),
    inputs: file.graph.inputs.map((input) => facts(input, input.name === guess.input?.name ? guess.input.layout.value : null)),
    outputs: file.graph.outputs.map((output) => facts(output, output.name === guess.output.name && guess.output.kind.value === 'picture' ? guess.output.layout.value : null)),
    operators: [...counts.values()].map((nodes) => ({ op: nodes[0]!.op, domain: nodes[0]!.domain, count: nodes.length })).toSorted((a, b) => b.count - a.count),
    preparation: piece.steps, expectation: guess.notes, externalFiles: file.externalFiles,
    boards: judged === undefined ? [] : profiles.map((profile) => boardReport(judged, profile)),
  }
}

export const inspectView = (input: InspectInput): Promise<InspectOutput> => inspectJob(input, quietTask)

/** Constants folded and sizes inferred, but with the opset and IR version that the file has: those are what a converter meets. */
async function judgedGraph({ graph, graphBytes, file }: Workpiece): Promise<Graph> {
  const { opsets, irVersion } = file.graph
  return { ...graph, opsets, irVersion, values: new Map([...graph.values, ...(await inferValues(graphBytes, {}, file.path))]) }
}
