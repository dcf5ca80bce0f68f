import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { secondsOfChild, withLayers } from '../../../main/app/layer-questions.ts'
import type { Artifact, Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Recipe } from '../../../main/recipe/recipe.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const apps: App[] = []
afterAll(() => Promise.all(apps.map((app) => app.close())))

async function open(name: string): Promise<App> {
  const app = await openApp({ workspace: join(folder, name), cwd: folder })
  apps.push(app)
  return app
}

const artifact = (run: Run, role: string): Artifact => run.artifacts!.find((one) => one.role === role)!
const rowOf = (run: Run, tensor: string) => run.scales!.find((row) => row.kind === 'activation' && row.tensor === tensor)!
const taken = (run: Run): string => run.notes!.find((note) => /taken over/i.test(note)) ?? ''
/** Everything but what time and place make different. */
const numbers = ({ scales, quality, layers, findings, size }: Run) => ({ scales, quality, layers, findings, size })

describe('a child run', () => {
  let app: App
  let recipe: Recipe
  let parent: Run
  beforeAll(async () => {
    app = await open('family')
    recipe = await smallRecipe('compare.layers=both', 'compare.latency=true', 'compare.operators=true', 'samples.evaluation.count=2')
    parent = await app.run({ recipe }, quietTask)
  }, 60_000)

  const changed = (layers: Parameters<typeof withLayers>[1]): Recipe => withLayers(parent.recipe as Recipe, layers)
  const untimed = (wanted: Recipe): Recipe => ({ ...wanted, compare: { ...wanted.compare, latency: false, operators: false } })
  /** The same without a parent: everything is measured. */
  const afresh = (wanted: unknown): Promise<Run> => app.run({ recipe: untimed(wanted as Recipe) }, quietTask)

  it('with another threshold is another model, and what lies below it alone is measured: the same numbers as measured afresh', async () => {
    const tensor = 'body3.relu'
    const child = await app.run({ recipe: changed({ [tensor]: { threshold: rowOf(parent, tensor).hi / 2 } }), parent: parent.run }, quietTask)
    expect(child.calibration!.statisticsFrom).toBe(parent.run)
    expect(rowOf(child, tensor)).toMatchObject({ method: 'threshold', hi: rowOf(parent, tensor).hi / 2 })
    expect(artifact(child, 'quantized-model').sha256).not.toBe(artifact(parent, 'quantized-model').sha256)
    expect(child.quality!.simulated).not.toBe(parent.quality!.simulated)
    expect(taken(child)).toMatch(new RegExp(`^Taken over from run ${parent.run}.*accumulated errors of \\d+ of \\d+ tensors; alone errors of \\d+ of \\d+ tensors; quality of the float model; latency and operator times\\.$`))
    expect(child.latency).toEqual(parent.latency)
    expect(child.operators).toEqual(parent.operators)
    expect(child.stageSeconds!['latency']).toBe(parent.stageSeconds!['latency'])

    const whole = await afresh(child.recipe)
    expect(taken(whole)).toBe('')
    expect(numbers(child)).toEqual(numbers(whole))
    expect(artifact(child, 'quantized-model').sha256).toBe(artifact(whole, 'quantized-model').sha256)
    const differing = (mode: string) => child.layers!.filter((layer) => layer.mode === mode && layer.sqnrDb !== parent.layers!.find((one) => one.mode === mode && one.tensor === layer.tensor)!.sqnrDb)
    expect(differing('alone').map((layer) => layer.tensor)).toEqual([tensor])
    expect(differing('accumulated').length).toBeGreaterThan(1)
    expect(differing('accumulated').length).toBeLessThan(child.layers!.length / 2)
  }, 60_000)

  it('with a range of two ends holds both of them', async () => {
    const tensor = 'tail2'
    const child = await app.run({ recipe: untimed(changed({ [tensor]: { range: [-50, 90] } })), parent: parent.run }, quietTask)
    expect(rowOf(child, tensor)).toMatchObject({ method: 'threshold', lo: -50, hi: 90 })
    expect(numbers(child)).toEqual(numbers(await afresh(child.recipe)))
  }, 60_000)

  it('with other bits is timed again, and takes over what its own codes did not change', async () => {
    const child = await app.run({ recipe: changed({ 'body1.relu': { bits: 16 } }), parent: parent.run }, quietTask)
    expect(rowOf(child, 'body1.relu').type).toBe('uint16')
    expect(child.latency).not.toEqual(parent.latency)
    expect(taken(child)).not.toContain('latency')
    expect(taken(child)).toContain('alone errors')
    expect(numbers(child)).toEqual(numbers(await afresh(child.recipe)))
  }, 60_000)

  it('with a tensor in float looks at other tensors and takes no errors over', async () => {
    const child = await app.run({ recipe: untimed(changed({ body2: { forward_with_float: true }, body3: { forward_with_float: true } })), parent: parent.run }, quietTask)
    expect(child.scales!.some((row) => row.tensor === 'body2.relu')).toBe(false)
    expect(taken(child)).not.toContain('errors of')
    expect(numbers(child)).toEqual(numbers(await afresh(child.recipe)))
  }, 60_000)

  it.each([
    ['threads', 'it ran in another environment', { threads: 2 }],
    ['samples of layer errors', 'it was measured in another way', { compare: { layers: 'both', latency: false, operators: false, samples: 1 } }],
    ['evaluation samples', 'it was measured on other samples', { evaluation: 1 }],
  ] as const)('with other %s takes nothing over and says why', async (_what, why, change) => {
    const base = untimed(changed({ 'body3.relu': { threshold: 100 } }))
    const samples = 'evaluation' in change ? { ...base.samples, evaluation: { ...base.samples.evaluation!, count: change.evaluation } } : base.samples
    const { evaluation: _evaluation, ...rest } = { evaluation: 0, ...change }
    const child = await app.run({ recipe: { ...base, samples, ...rest }, parent: parent.run }, quietTask)
    expect(taken(child)).toBe(`Nothing was taken over from run ${parent.run}: ${why}.`)
  }, 60_000)

  it('takes nothing over where the file of the parent is gone', async () => {
    const own = await open('gone')
    const first = await own.run({ recipe: await smallRecipe('compare.layers=alone') }, quietTask)
    await rm(artifact(first, 'quantized-model').path)
    const child = await own.run({ recipe: withLayers(first.recipe as Recipe, { 'body3.relu': { threshold: 100 } }), parent: first.run }, quietTask)
    expect(taken(child)).toBe(`Nothing was taken over from run ${first.run}: the model differs too much.`)
    expect(child.layers).toHaveLength(first.layers!.length)
  }, 60_000)
})

describe('what a change costs', () => {
  it('is told from the parts of the parent; time is measured again only with other types', () => {
    const stageSeconds = { prepare: 1, observe: 20, quantize: 2, quality: 3, layers: 4, latency: 5 }
    expect(secondsOfChild({ seconds: 36, stageSeconds }, false)).toBeCloseTo(1 + 2 + 3 + 4 + 1)
    expect(secondsOfChild({ seconds: 36, stageSeconds }, true)).toBeCloseTo(16)
    expect(secondsOfChild({ seconds: 36 }, true)).toBeNull()
  })
})
