import { macsByNode } from '../../compare/macs.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph } from '../../onnx/graph.ts'
import { floatNotes, floatReport } from '../../quantize/float-report.ts'
import type { QuantizeOptions } from '../../quantize/options.ts'
import { blockNotes } from '../../quantize/regions.ts'
import { noiseFeeds } from '../../rewrite/noise-feeds.ts'
import { inferValues } from '../../runtime/values.ts'
import type { Workpiece } from './workpiece.ts'

/**
 * Which nodes of the graph that is quantized compute in float, why, and how much of the work that is, a sentence a region. Sizes that the
 * model leaves open are taken alike: shares of a picture do not depend on them.
 */
export async function notesOnFloat(graph: Graph, floatNodes: ReadonlyMap<string, string>, { guess, file }: Workpiece, options: QuantizeOptions): Promise<string[]> {
  if (floatNodes.size === 0) return []
  const dims = Object.fromEntries(Object.entries(noiseFeeds(guess)).map(([name, tensor]) => [name, tensor.dims]))
  const values = await inferValues(encodeModel(graph), dims, file.path)
  return [...blockNotes(graph, options.float), ...floatNotes(floatReport(graph, floatNodes, macsByNode(graph, values)))]
}
