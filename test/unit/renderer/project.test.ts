import { describe, expect, it } from 'vitest'
import { placeOfPath, placeTo } from '../../../renderer/app/places.ts'
import { projectFrom, recipeAt, unrewrittenText, withKey, type Project } from '../../../renderer/project/project-text.ts'
import { changedParts, stepsOf } from '../../../renderer/project/steps.ts'

const recipe = { model: 'm.onnx', samples: { calibration: { path: 'calib', count: 8 } }, quantize: { preset: 'ort' } }
const projectOf = (change: Partial<Project>): Project => ({ recipe: {}, job: null, ran: null, ...change })
const states = (project: Project): string[] => stepsOf(project).map(({ state }) => state)

describe('a project', () => {
  it('puts and takes keys of its recipe, and leaves no empty parts', () => {
    const changed = withKey(recipe, ['samples', 'calibration', 'count'], 16)
    expect(recipeAt(changed, ['samples', 'calibration'])).toEqual({ path: 'calib', count: 16 })
    expect(recipeAt(recipe, ['samples', 'calibration', 'count'])).toBe(8)
    expect(withKey(recipe, ['quantize', 'preset'], undefined)).toEqual({ model: 'm.onnx', samples: recipe.samples })
    expect(withKey({}, ['a', 'b', 'c'], 1)).toEqual({ a: { b: { c: 1 } } })
    expect(recipeAt(recipe, ['model', 'deeper'])).toBeUndefined()
  })

  it('begins anew where something else was kept', () => {
    for (const text of [null, '', '{', '[]', '{"recipe":3}', 'null']) expect(projectFrom(text)).toEqual(projectOf({}))
    const kept = projectOf({ recipe, job: { id: 'j', recipe }, ran: { id: 'r', recipe } })
    expect(projectFrom(JSON.stringify(kept))).toEqual(kept)
  })

  it('says how far it is and what is missing', () => {
    expect(states(projectOf({}))).toEqual(['open', 'blocked', 'blocked', 'blocked', 'blocked', 'blocked', 'blocked', 'blocked'])
    expect(states(projectOf({ recipe: { model: 'm' } }))).toEqual(['done', 'open', 'blocked', 'blocked', 'blocked', 'open', 'blocked', 'blocked'])
    expect(stepsOf(projectOf({ recipe: { model: 'm' } }))[2]!.because).toEqual(['samples'])
    expect(states(projectOf({ recipe }))).toEqual(['done', 'done', 'open', 'blocked', 'blocked', 'open', 'blocked', 'blocked'])
    expect(states(projectOf({ recipe, ran: { id: 'r', recipe } }))).toEqual(['done', 'done', 'done', 'done', 'done', 'open', 'open', 'open'])
  })

  it('takes a plan of rewrites as a step done, and its run as old', () => {
    const planned = projectOf({ recipe: withKey(recipe, ['rewrite'], 'auto'), ran: { id: 'r', recipe } })
    expect(states(planned)).toEqual(['done', 'done', 'stale', 'stale', 'stale', 'done', 'open', 'open'])
    expect(changedParts(planned)).toEqual(['rewrite'])
    expect(unrewrittenText(planned.recipe)).toBe(JSON.stringify(recipe))
  })

  it('takes a bundle as old once there is another run or another recipe', () => {
    const stateOf = (change: Partial<Project>): string => {
      const { state, because } = stepsOf(projectOf({ recipe, ran: { id: 'r', recipe }, ...change })).find(({ name }) => name === 'export')!
      return [state, ...because].join(' ')
    }
    expect([stateOf({}), stateOf({ exported: 'r' }), stateOf({ exported: 'q' }), stateOf({ ran: null, exported: 'r' })]).toEqual(['open', 'done', 'stale run', 'blocked calibrate'])
    expect(stateOf({ exported: 'r', recipe: withKey(recipe, ['quantize', 'preset'], 'rknn') })).toBe('stale quantize')
  })

  it('says which change made its run old', () => {
    const changed = projectOf({ recipe: withKey(recipe, ['samples', 'calibration', 'count'], 9), ran: { id: 'r', recipe } })
    expect(changedParts(changed)).toEqual(['calibration'])
    expect(stepsOf(changed).slice(2, 5).map(({ state, because }) => [state, ...because])).toEqual(Array(3).fill(['stale', 'calibration']))
  })
})

describe('places', () => {
  it('are found again from their address', () => {
    for (const name of ['home', 'model', 'samples', 'calibrate', 'layers', 'compare', 'rewrite', 'tune', 'export', 'history', 'jobs'] as const) {
      expect([placeOfPath(placeTo(name, null)), placeOfPath(placeTo(name, 'RUN'))]).toEqual([name, name])
    }
    expect([placeOfPath('/run/X'), placeOfPath('/diff/a/b'), placeOfPath('/nowhere')]).toEqual(['history', 'history', undefined])
  })
})
