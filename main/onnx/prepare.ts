import { constantsToInitializers, withoutDefaultInputs } from './constants.ts'
import { halfToFloat } from './fp16-to-float.ts'
import type { Graph } from './graph.ts'
import { withoutCopies } from './identities.ts'
import { raiseOpset } from './opset.ts'
import type { Preparation, PreparedGraph } from './preparation.ts'

export interface PrepareOptions {
  /** Opset of ai.onnx that is needed at least: 13 for 8-bit QDQ, 21 for 16 and 4 bits. */
  readonly opset: number
}

/**
 * Makes a graph ready for work: constants become initializers, copies (Identity, Dropout) go, float16 and bfloat16 become float32,
 * and the opset is raised. Names of inputs, outputs and of every tensor that stays are kept.
 * Throws `model.opset` naming node, operator and versions where an operator cannot be raised, and `model.half-precision` where
 * float16 sits in a subgraph or function.
 */
export function prepareGraph(graph: Graph, options: PrepareOptions): PreparedGraph {
  const raise: Preparation = (current) => raiseOpset(current, options.opset)
  const preparations = [withoutDefaultInputs, constantsToInitializers, halfToFloat, withoutCopies, raise]
  const steps: string[] = []
  let prepared = graph
  for (const prepare of preparations) {
    const result = prepare(prepared)
    steps.push(...result.steps)
    prepared = result.graph
  }
  return { graph: prepared, steps }
}
