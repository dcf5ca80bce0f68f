import { describe, expect, it } from 'vitest'
import { costOf, roughSeconds } from '../../../renderer/features/calibrate/cost.ts'
import { bestText, chosenMethods, commandOf, linedJson, numberFrom, settingsOf, shownValue, startsWith, stepOfKey } from '../../../renderer/features/calibrate/draft.ts'
import { stagesOf } from '../../../renderer/features/calibrate/stages.ts'
import { stepBeside, stepFrom } from '../../../renderer/features/calibrate/steps.ts'
import type { LogLine, MethodRow, Run } from '../../../preload/contract/index.ts'
import { sampleEnvironment } from '../../fixtures/sample-run.ts'

describe('the steps', () => {
  it('are told by the address, else by whether something runs', () => {
    expect([stepFrom('review', false), stepFrom('none', false), stepFrom(null, true)]).toEqual(['review', 'target', 'run'])
    expect([stepBeside('target', -1), stepBeside('target', 1), stepBeside('result', 1)]).toEqual([undefined, 'methods', undefined])
  })
})

describe('the draft', () => {
  it('tries several methods where several were chosen, else that of the recipe, else the default', () => {
    const recipe = { quantize: { activations: { method: 'kl' } } }
    expect(chosenMethods({ recipe, methods: ['max', 'mse'] })).toEqual(['max', 'mse'])
    expect(chosenMethods({ recipe, methods: ['max'] })).toEqual(['kl'])
    expect(chosenMethods({ recipe: {} })).toEqual(['auto'])
  })

  it('finds the key that stands on a line, names with quotes and lists among them', () => {
    const recipe = { model: 'a.onnx', quantize: { float: { names: ['x', 'y'] }, layers: { 'a "b"': { bits: 3 }, plain: { method: 'max' } } }, gates: { worst: 'x' } }
    const { text, pathAt } = linedJson(recipe)
    expect(JSON.parse(text)).toEqual(recipe)
    const lineOf = (part: string): number => text.split('\n').findIndex((line) => line.includes(part)) + 1
    expect(pathAt(lineOf('"model"'))).toEqual(['model'])
    expect(pathAt(lineOf('"y"'))).toEqual(['quantize', 'float', 'names'])
    expect(pathAt(lineOf('"bits"'))).toEqual(['quantize', 'layers', 'a "b"', 'bits'])
    expect(pathAt(lineOf('"max"'))).toEqual(['quantize', 'layers', 'plain', 'method'])
    expect(pathAt(lineOf('"worst"'))).toEqual(['gates', 'worst'])
  })

  it('sends a fault to the step where its key is set', () => {
    const steps = [['board'], ['quantize', 'activations', 'bits'], ['quantize', 'activations', 'method'], ['gates', 'x'], ['samples', 'calibration'], ['threads'], ['model'], []].map(stepOfKey)
    expect(steps).toEqual(['target', 'target', 'methods', 'target', 'samples', 'samples', null, null])
    expect([startsWith(['a', 'b'], ['a']), startsWith(['a'], ['a', 'b']), startsWith(['a'], [])]).toEqual([true, false, true])
  })

  it('lists what is not default, key by key, and neither model nor samples', () => {
    const defaults = { model: 'm', board: 'b', samples: {}, quantize: { activations: { bits: 8, method: 'auto' }, layers: {}, float: { names: [] } }, gates: {}, seed: 0 }
    const recipe = { ...defaults, model: 'n', quantize: { activations: { bits: 16, method: 'auto' }, layers: { c: { bits: 16 } }, float: { names: ['x'] } }, gates: { g: 1 }, threads: 2 }
    expect(settingsOf(recipe, defaults)).toEqual([
      { path: ['quantize', 'activations', 'bits'], value: 16, initial: 8 }, { path: ['quantize', 'layers', 'c', 'bits'], value: 16, initial: undefined },
      { path: ['quantize', 'float', 'names'], value: ['x'], initial: [] }, { path: ['gates', 'g'], value: 1, initial: undefined }, { path: ['threads'], value: 2, initial: undefined },
    ])
    expect(settingsOf(defaults, defaults)).toEqual([])
  })

  it('takes what is typed for a number, for nothing, or as it is', () => {
    expect(['', ' 8 ', '0.', '-1e-3', 'x', '1,5', 'Infinity'].map(numberFrom)).toEqual([undefined, 8, 0, -0.001, 'x', '1,5', 'Infinity'])
  })

  it('says the command that does the same', () => {
    expect(commandOf(['auto'], '/a b')).toBe(`npx scalewright run recipe.yaml --workspace '/a b'`)
    expect(commandOf(['max', 'mse'], '/w')).toBe('npx scalewright run recipe.yaml --methods max,mse --workspace /w')
  })
})

describe('the table over methods', () => {
  const row = (method: string, change: Partial<MethodRow>): MethodRow =>
    ({ method, run: method, protocol: 'p', unit: 'dB', float: 36, simulated: 35, drop: 1, agreement: null, worstDb: 20, worstTensor: 't', meanDb: 30, clippedPercent: 0.1, seconds: 2, ...change })

  it('marks the best as it reads: equals that differ in digits nobody sees are both the best, and a column of equals has none', () => {
    const rows = [row('a', { simulated: 35.1234, drop: 0.1, seconds: 2.04 }), row('b', { simulated: 35.1231, drop: 0.2, seconds: 2 }), row('c', { simulated: null, drop: 0.3 })]
    expect(bestText(rows, 'simulated')).toBeNull()
    expect([bestText(rows, 'drop'), bestText(rows, 'seconds'), bestText(rows, 'worstDb')]).toEqual(['0.100', null, null])
    expect(bestText([...rows, row('d', { simulated: 35, worstDb: 19 })], 'simulated')).toBe('35.123')
    expect(bestText([...rows, row('d', { worstDb: 19 })], 'worstDb')).toBe('20.00')
    expect([shownValue(rows[2]!, 'simulated'), shownValue(row('r', { unit: 'ratio', simulated: 0.9 }), 'simulated')]).toEqual(['–', '0.90000'])
  })
})

describe('the stages of a job', () => {
  const line = (seconds: number, text: string, level: LogLine['level'] = 'info'): LogLine => ({ n: seconds, time: new Date(seconds * 1000).toISOString(), level, text })
  const shown = (job: Parameters<typeof stagesOf>[0]) => stagesOf(job).map(({ stage, part, state, seconds }) => [[stage, part].filter(Boolean).join(' '), state, seconds])

  it('are told by its log, whatever it opens in between', () => {
    const log = [line(0, 'npx scalewright run'), line(1, 'prepare'), line(2, 'samples'), line(3, 'prepare'), line(4, 'observe'), line(5, 'quantize', 'note'), line(6, 'quantize max'), line(8, 'samples')]
    expect(shown({ methods: ['max', 'mse'], log, state: 'running' })).toEqual([
      ['prepare', 'done', 3], ['observe', 'done', 2], ['quantize max', 'running', null], ['compare max', 'open', null], ['quantize mse', 'open', null], ['compare mse', 'open', null], ['latency', 'open', null],
    ])
  })

  it('of one method carry no name; what was left out is done when the job is', () => {
    const log = [line(0, 'x'), line(1, 'prepare'), line(4, 'observe'), line(5, 'quantize'), line(7, 'compare'), line(9, 'done')]
    expect(shown({ methods: [], log, state: 'done' })).toEqual([['prepare', 'done', 3], ['observe', 'done', 1], ['quantize', 'done', 2], ['compare', 'done', 2], ['latency', 'done', null]])
    expect(shown({ methods: [], log: log.slice(0, 4), state: 'cancelled' }).map(([, state]) => state)).toEqual(['done', 'done', 'stopped', 'open', 'open'])
  })

  it('hold fine-tuning where a recipe asks for it', () => {
    const log = [line(0, 'x'), line(1, 'prepare'), line(4, 'observe'), line(5, 'samples'), line(6, 'finetune'), line(16, 'quantize'), line(17, 'compare')]
    expect(shown({ methods: [], log, state: 'running' })).toEqual([
      ['prepare', 'done', 3], ['observe', 'done', 2], ['finetune', 'done', 10], ['quantize', 'done', 1], ['compare', 'running', null], ['latency', 'open', null],
    ])
  })
})

describe('the cost', () => {
  const run = (change: Partial<Run>): Run => ({
    run: 'r', parent: null, verb: 'run', status: 'done', created: '', seconds: 10, environment: sampleEnvironment,
    samples: { calibration: { count: 20, sha256: '', skipped: 0 } }, calibration: { seconds: 4, inferenceSeconds: 3, bareInferenceSeconds: null, peakRssBytes: 1 }, ...change,
  })
  it('is what an earlier run measured, its pass that of the run whose statistics it took', () => {
    const [whole, taken] = [run({}), run({ run: 's', seconds: 3, calibration: { seconds: 0, inferenceSeconds: 0, bareInferenceSeconds: null, peakRssBytes: 0, statisticsFrom: 'r' } })]
    expect(costOf(whole, whole)).toEqual({ run: 'r', secondsASample: 0.2, restSeconds: 6 })
    expect(costOf(taken, whole)).toEqual({ run: 's', secondsASample: 0.2, restSeconds: 3 })
    expect(costOf(run({ verb: 'calibrate' }), whole)).toMatchObject({ restSeconds: null })
    expect(costOf(taken, taken)).toBeNull()
    const { calibration: _calibration, ...bare } = run({})
    expect(costOf(bare, bare)).toBeNull()
  })
  it('is told in few digits', () => expect([0.2, 3.4, 12, 61].map(roughSeconds)).toEqual([1, 3, 10, 60]))
})
