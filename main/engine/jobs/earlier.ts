import { readFile } from 'node:fs/promises'
import { coneHashes } from '../../compare/cones.ts'
import { canonicalJson, sha256 } from '../../core/hash.ts'
import type { Latency, LayerError, OperatorTime, Quality } from '../../core/run.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import type { Graph } from '../../onnx/graph.ts'
import { readModel } from '../../onnx/model-file.ts'
import { readQdq, type ReadScales } from '../../quantize/read-qdq.ts'

/**
 * What an earlier run measured on the same float model, samples, protocol options, machine and threads. Only who knows that all of these
 * are the same may hand it on; whether the quantized models agree is found out here.
 */
export interface EarlierRun {
  readonly run: string
  /** Path of its quantized model, and the hash that it had. */
  readonly quantized: string
  readonly sha256: string
  readonly layers: readonly LayerError[]
  readonly quality?: Quality
  readonly latency?: Latency
  readonly operators?: readonly OperatorTime[]
  readonly stageSeconds?: Readonly<Record<string, number>>
}

/** What of an earlier run holds for this one too. */
export interface TakenOver {
  /** Errors of tensors whose own codes (alone) or whole computation (accumulated) are the same. */
  readonly layers: readonly LayerError[]
  readonly quality?: Quality
  /** Only where every tensor has codes of the same type and the graph has the same operators. */
  readonly latency?: Latency
  readonly operators?: readonly OperatorTime[]
}

const NOTHING: TakenOver = { layers: [] }

/** Compares the quantized models, tensor by tensor. A model that is gone or not what it was gives nothing. */
export async function takenOver(earlier: EarlierRun, judged: Graph, scales: ReadScales): Promise<TakenOver> {
  const graph = await graphOf(earlier)
  if (graph === undefined) return NOTHING
  const before = readQdq(graph)
  return {
    layers: sameLayers(earlier.layers, { graph, scales: before }, { graph: judged, scales }),
    ...(earlier.quality ? { quality: earlier.quality } : {}),
    ...(isOfOneShape({ graph, scales: before }, { graph: judged, scales }) ? { ...(earlier.latency ? { latency: earlier.latency } : {}), ...(earlier.operators ? { operators: earlier.operators } : {}) } : {}),
  }
}

async function graphOf({ quantized, sha256: known }: EarlierRun): Promise<Graph | undefined> {
  try {
    if (sha256(await readFile(quantized)) !== known) return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return (await readModel(quantized)).graph
}

interface Model {
  readonly graph: Graph
  readonly scales: ReadScales
}

const activations = ({ scales }: Model): readonly ScaleRow[] => scales.rows.filter((row) => row.kind === 'activation')

/**
 * The runtime is free to compute a graph otherwise when other tensors are asked of it: errors are taken over only where the same tensors
 * are looked at, so that both sessions are the same.
 */
function sameLayers(layers: readonly LayerError[], before: Model, after: Model): readonly LayerError[] {
  const rows = new Map(activations(before).map((row) => [row.tensor, canonicalJson(row)]))
  const isSameWatch = canonicalJson(activations(before).map(({ tensor }) => tensor)) === canonicalJson(activations(after).map(({ tensor }) => tensor))
  if (!isSameWatch) return []
  const [old, now] = [coneHashes(before.graph), coneHashes(after.graph)]
  const coneOf = (cones: ReadonlyMap<string, string>, { scales }: Model, tensor: string) => cones.get(scales.dequantizedNames.get(tensor) ?? '')
  const ownSame = new Set(activations(after).filter((row) => rows.get(row.tensor) === canonicalJson(row)).map(({ tensor }) => tensor))
  const allSame = new Set([...ownSame].filter((tensor) => { const cone = coneOf(now, after, tensor); return cone !== undefined && cone === coneOf(old, before, tensor) }))
  return layers.filter(({ tensor, mode }) => (mode === 'alone' ? ownSame : allSame).has(tensor))
}

/** Time depends on operators, shapes and types, not on the numbers in scales and weights. */
function isOfOneShape(before: Model, after: Model): boolean {
  const shapeOf = ({ graph, scales }: Model): string => canonicalJson([
    [...graph.opsets], graph.nodes.map(({ op, domain, inputs, outputs }) => [op, domain, inputs, outputs]),
    [...graph.initializers].map(([name, { type, dims }]) => [name, type, dims]), scales.rows.map(({ tensor, type, granularity }) => [tensor, type, granularity]),
  ])
  return shapeOf(before) === shapeOf(after)
}
