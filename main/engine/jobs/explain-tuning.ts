import type { ScaleRow } from '../../core/scale-table.ts'
import type { Graph } from '../../onnx/graph.ts'
import { readModel } from '../../onnx/model-file.ts'
import { integers } from '../../onnx/tensor.ts'
import type { Quantized } from '../../quantize/quantize.ts'

/** A run that was made with the same recipe. */
export interface MadeRun {
  readonly run: string
  /** Path of its quantized model. */
  readonly model: string
  readonly scales: readonly ScaleRow[]
}

/** What became of one tensor or constant behind its scales. */
export interface TuningChange {
  readonly tensor: string
  readonly kind: ScaleRow['kind']
  /** One, or one a channel; before: as the order of resolution gives it. */
  readonly scaleBefore: readonly number[]
  readonly scaleAfter: readonly number[]
  /** Codes of a constant that are others now, of all; null for activations. */
  readonly codes: { readonly moved: number; readonly of: number } | null
  /** As the run's scale table says it. */
  readonly reason: string
}

export interface TensorTuning {
  /** What of the recipe changes scales and codes after they stand. */
  readonly keys: readonly string[]
  /** The run that the changes are of; null: no run of this recipe was made yet, and nothing is known of them. */
  readonly run: string | null
  /** The tensor's own, and those of the constants that its layer multiplies and adds. */
  readonly changes: readonly TuningChange[]
}

/** What tuning did to a tensor, by the model that a run of this recipe made. Null where the recipe asks for none. */
export async function tuningOf(keys: readonly string[], tensors: readonly string[], { table, constants, constantNames }: Quantized, made: MadeRun | undefined): Promise<TensorTuning | null> {
  if (keys.length === 0) return null
  if (made === undefined) return { keys, run: null, changes: [] }
  const { graph } = await readModel(made.model)
  const after = new Map(made.scales.map((row) => [row.tensor, row]))
  const changes = tensors.flatMap((tensor): TuningChange[] => {
    const [row, now] = [table.find((each) => each.tensor === tensor), after.get(tensor)]
    if (!row || !now) return []
    const before = constants.get(tensor)
    const stored = before && codesOf(graph, constantNames.get(tensor))
    const codes = before && stored ? { moved: movedOf(integers(before.codes), stored), of: stored.length } : null
    return [{ tensor, kind: row.kind, scaleBefore: row.scale, scaleAfter: now.scale, codes, reason: now.reason === '' ? now.method : `${now.method}: ${now.reason}` }]
  })
  return { keys, run: made.run, changes }
}

/** Codes that a DequantizeLinear of this output reads. */
function codesOf(graph: Graph, dequantized: string | undefined): readonly number[] | undefined {
  const node = graph.nodes.find(({ outputs }) => outputs[0] === dequantized)
  const codes = graph.initializers.get(node?.inputs[0] ?? '')
  return codes && integers(codes)
}

const movedOf = (before: readonly number[], after: readonly number[]): number => before.filter((code, index) => code !== after[index]).length
