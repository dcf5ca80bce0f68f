import { toBinary } from '@bufbuild/protobuf'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import type { OperatorTime } from '../core/run.ts'
import { decodeModel, graphOf } from '../onnx/decode.ts'
import type { Tensor } from '../onnx/graph.ts'
import { ModelProtoSchema } from '../onnx/onnx_pb.ts'
import type { NodeProto } from '../onnx/onnx_pb.ts'
import { runFault } from './runtime-fault.ts'
import { toRuntime, valueInfoOf } from './runtime-tensor.ts'
import { createNative, runtimeOptions } from './session.ts'
import { withTemporaryFolder } from '../core/temporary-folder.ts'

export interface ProfileOptions {
  readonly mode: 'float' | 'fused'
  readonly threads: number
  /** Runs that are counted; one more goes before them to warm up. */
  readonly runs: number
  readonly exactProducts?: boolean
  /** File or model name for faults. */
  readonly where?: string
}

/**
 * Mean microseconds that each operator took, in the order of execution. `node` is the graph's node where the runtime's optimized node
 * can be traced to one (a fused group counts for its first operator), else the runtime's own name; `op` is what was executed.
 */
export async function profileNodes(
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
  options: ProfileOptions,
): Promise<OperatorTime[]> {
  const where = options.where ?? 'model'
  const { bytes, nodes } = withNodeNames(model, where)
  const events = await recordEvents(bytes, feeds, options, where)
  const trace = nodeTracer(nodes)
  const times = new Map<string, OperatorTime>()
  for (const [runtimeName, { op, durations }] of events) {
    const perRun = durations.length / (options.runs + 1)
    const us = durations.slice(Math.round(perRun)).reduce((sum, duration) => sum + duration, 0) / options.runs
    const node = trace(runtimeName, op) ?? runtimeName
    const key = JSON.stringify([node, op])
    times.set(key, { node, op, version: options.mode, us: us + (times.get(key)?.us ?? 0) })
  }
  return [...times.values()]
}

/** Nodes without a name could not be recognised in the profile: all carry the names that they have in a Graph. */
function withNodeNames(model: Uint8Array, where: string): { bytes: Uint8Array; nodes: readonly NodeProto[] } {
  const proto = decodeModel(model, where)
  const names = new Map(graphOf(proto, where).nodes.map((node) => [node.outputs.join('\n'), node.name]))
  const nodes = proto.graph!.node.map((node) => ({ ...node, name: names.get(node.output.join('\n')) ?? node.name }))
  if (nodes.every((node, index) => node.name === proto.graph!.node[index]!.name)) return { bytes: model, nodes }
  return { bytes: toBinary(ModelProtoSchema, { ...proto, graph: { ...proto.graph!, node: nodes } }), nodes }
}

interface NodeEvents {
  readonly op: string
  readonly durations: number[]
}

function recordEvents(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
  options: ProfileOptions,
  where: string,
): Promise<Map<string, NodeEvents>> {
  return withTemporaryFolder(async (folder) => {
    const profiling = { enableProfiling: true, profileFilePrefix: join(folder, 'profile') }
    const native = await createNative(bytes, { ...runtimeOptions(options), ...profiling }, where)
    try {
      const fed = toRuntime(feeds, native.inputMetadata.map((value) => valueInfoOf(value, where)))
      for (let run = 0; run <= options.runs; run++) {
        await native.run(fed).catch((error: unknown) => {
          throw runFault(error, where)
        })
      }
      native.endProfiling()
    } finally {
      await native.release()
    }
    return readEvents(folder)
  })
}

/** endProfiling does not give the file's name away: it is the only one in its folder. */
async function readEvents(folder: string): Promise<Map<string, NodeEvents>> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.json'))
  if (file === undefined) {
    const next = 'Check that the temporary folder has space and can be written.'
    throw new Fault({ code: 'engine.no-profile', what: 'ONNX Runtime wrote no profile', next })
  }
  const events: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'))
  const nodes = new Map<string, NodeEvents>()
  for (const event of Array.isArray(events) ? events : []) {
    if (!isNodeEvent(event)) continue
    const name = event.name.slice(0, -KERNEL_TIME.length)
    const known = nodes.get(name)
    if (known === undefined) nodes.set(name, { op: event.args.op_name, durations: [event.dur] })
    else known.durations.push(event.dur)
  }
  return nodes
}

const KERNEL_TIME = '_kernel_time'

interface NodeEvent {
  readonly name: string
  /** Microseconds. */
  readonly dur: number
  readonly args: { readonly op_name: string }
}

function isNodeEvent(event: unknown): event is NodeEvent {
  const { cat, name, dur, args } = event as { cat?: unknown; name?: unknown; dur?: unknown; args?: { op_name?: unknown } }
  return cat === 'Node' && typeof name === 'string' && name.endsWith(KERNEL_TIME) && typeof dur === 'number' && typeof args?.op_name === 'string'
}

/**
 * Finds the graph node behind an optimized one. The runtime names what it makes after the node, or after the tensor that it yields,
 * and appends `_nchwc`, `_token_7`, `/duplicated`. A fused Conv+Relu carries the Relu's tensor: the way back to the Conv is walked.
 */
function nodeTracer(nodes: readonly NodeProto[]): (runtimeName: string, op: string) => string | undefined {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const producer = new Map(nodes.flatMap((node) => node.output.map((tensor): [string, NodeProto] => [tensor, node])))
  return (runtimeName, op) => {
    const plainOp = op.replace(/^(?:QLinear|Fused)/, '')
    const plainName = runtimeName.replace(/(?:_token_\d+|_nchwc|_nhwc|\/duplicated|_new_reshape)+$/, '')
    if (byName.has(runtimeName)) return runtimeName
    let node = byName.get(plainName) ?? producer.get(plainName)
    for (let steps = 0; node !== undefined && steps < 4; steps++) {
      if (node.opType === plainOp) return node.name
      node = producer.get(node.input[0] ?? '')
    }
    return undefined
  }
}
