import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../../main/core/fault.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { float32, tensor } from '../../../main/onnx/tensor.ts'
import { applyRewrites, proveStep, type RewriteStep } from '../../../main/rewrite/apply.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { contextOf, withShapes } from '../../fixtures/prove-rewrite.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

/** A step that was done rightly: nearest Resize ×2 as Conv + DepthToSpace. */
async function rightStep(): Promise<RewriteStep> {
  const given = await withShapes(graph({
    inputs: { x: ['N', 2, 'H', 'W'] }, outputs: { y: null },
    nodes: [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }, 'head'), node('Resize', ['c', '', 'scales'], ['y'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, 'enlarge')],
    initializers: { w: noise([2, 2, 3, 3]), scales: floats([4], [1, 1, 2, 2]) },
  }))
  const { steps } = await applyRewrites(given, [{ rewrite: 'resize-to-conv', options: {} }], { context: contextOf(), where: 'net.onnx' }, quietTask)
  return steps[0]!
}

const prove = (step: RewriteStep) => proveStep(step, { threads: 1, samples: [], where: 'net.onnx' }, quietTask)

/** The step with one weight of what it added changed by `by`. */
function tampered(step: RewriteStep, by: number): RewriteStep {
  const [name, weight] = [...step.after.initializers].find(([each]) => !step.before.initializers.has(each))!
  const values = float32(weight).slice()
  values[values.indexOf(1)]! += by
  const after: Graph = { ...step.after, initializers: new Map([...step.after.initializers, [name, tensor('float32', weight.dims, values)]]) }
  return { ...step, after }
}

describe('a rewrite that is not right', () => {
  it('is told from one that is', async () => {
    const step = await rightStep()
    expect(await prove(step)).toMatchObject({ verdict: 'exact', worst: null })
    expect(await prove({ ...tampered(step, 1e-6), relativeTolerance: 1e-5 })).toMatchObject({ verdict: 'within tolerance', worst: { output: 'y' } })
  })

  it('is shown with every input, its seed, and every output, edges apart from the inside', async () => {
    const proof = await prove({ ...tampered(await rightStep(), 1e-6), relativeTolerance: 1e-5 })
    expect(proof.tried).toHaveLength(proof.inputs)
    expect(proof.tried.slice(0, 4).map(({ input, seed }) => [input, seed])).toEqual([['noise 0', 0], ['noise 1', 1], ['all -1', null], ['all 1', null]])
    expect(Math.max(...proof.tried.map(({ maxAbs }) => maxAbs))).toBe(proof.maxAbs)
    const [y, ...others] = proof.outputs
    expect(others).toEqual([])
    expect(y).toMatchObject({ output: 'y', maxAbs: proof.maxAbs, edgeMaxAbs: proof.edgeMaxAbs, relative: proof.relative, ulp: proof.ulp })
    expect(Math.max(y!.edgeMaxAbs, y!.insideMaxAbs)).toBe(proof.maxAbs)
    expect(y!.insideMaxAbs).toBeGreaterThan(0)
  })

  it('throws with the worst output, input and position, and ends a command with exit code 1', async () => {
    const step = await rightStep()
    const fault = await faultOf(() => prove(tampered(step, 0.01)))
    expect(fault).toMatchObject({ code: 'model.rewrite-broken', where: 'net.onnx, resize-to-conv at enlarge', what: expect.stringMatching(/output y on .+ at \[0, 0, \d+, \d+\] by 0\.\d/) })
    expect(exitCodeOf(fault)).toBe(1)
  })

  it('is not excused by another shape or a value that is not finite', async () => {
    const step = await rightStep()
    const grown = { ...step.after, nodes: step.after.nodes.map((each) => (each.op === 'DepthToSpace' ? { ...each, op: 'Identity', attributes: new Map() } : each)) }
    expect(await faultOf(() => prove({ ...step, after: grown, relativeTolerance: Infinity }))).toMatchObject({ what: expect.stringContaining('has the shape 1×8×24×32 instead of 1×2×48×64') })
    expect(await faultOf(() => prove({ ...tampered(step, Infinity), relativeTolerance: 1e9 }))).toMatchObject({ what: expect.stringMatching(/is (NaN|-?Infinity) where/) })
  })
})
