import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { NO_COLOURS } from '../../../main/cli/layout.ts'
import { boardSections } from '../../../main/cli/reports/board-report.ts'
import { sayIn } from '../../../main/cli/texts/texts.ts'
import { quietTask } from '../../../main/core/task.ts'
import { inspectJob } from '../../../main/engine/jobs/inspect.ts'
import { BOARD_REPORT } from '../../../preload/contract/boards.ts'
import { SAMPLE } from '../../fixtures/command.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData('the ten public models on three boards')

const BOARDS = ['horizon-j6', 'horizon-x5', 'ort-cpu']
const reports = async (model: string, boards: readonly string[]) => (await inspectJob({ model, threads: 1, boards }, quietTask)).boards

describe.skipIf(!hasSharedData)('the ten models', () => {
  const folder = join(sharedData, 'models')
  const models = hasSharedData ? readdirSync(folder).filter((name) => name.endsWith('.onnx')) : []

  it.each(models)('%s is judged for three boards, as the contract says it', async (name) => {
    const judged = await reports(join(folder, name), BOARDS)
    expect(judged.map(({ board }) => board)).toEqual(BOARDS)
    for (const report of judged) {
      expect(BOARD_REPORT.parse(report)).toEqual(report)
      expect(report.operators.length).toBeGreaterThan(0)
      expect(report.outputs.length).toBeGreaterThan(0)
      for (const { verdicts } of report.operators) for (const { state, source, why } of verdicts) {
        expect(why).not.toBe('')
        if (state !== 'unknown') expect(Object.keys(report.sources)).toContain(source)
      }
    }
  })

  it('finds what the boards are known for', async () => {
    const [j6] = await reports(join(folder, 'abpn_x3.onnx'), ['horizon-j6'])
    expect(j6!.outputs[0]).toMatchObject({ last: { op: 'Conv' }, type: 'unknown' })
    expect(j6!.outputs[0]!.between.map(({ op }) => op)).toEqual(['Add', 'DepthToSpace', 'Clip'])
    const [x5] = await reports(join(folder, 'abpn_x3.onnx'), ['horizon-x5'])
    expect(x5!.operators[0]).toMatchObject({ op: 'DepthToSpace', verdicts: [{ precision: 'int8', state: 'fallback' }, {}, {}, {}, {}] })
    const [cubic] = await reports(join(folder, 'srcnn_x3_cubic.onnx'), ['horizon-j6'])
    expect(cubic!.outputs[0]).toMatchObject({ type: 'int32', layout: 'nhwc' })
  })
})

describe.skipIf(SAMPLE === null)('the troubled sample on horizon-j6', () => {
  const troubled = join(SAMPLE ?? '', 'models/troubled_x2.onnx')

  it('is told as tables', async () => {
    const [report] = await reports(troubled, ['horizon-j6'])
    const lines = boardSections(report!, { say: sayIn('en'), style: NO_COLOURS, longestName: 40, cwd: '/' })
    expect(lines.slice(0, 5).map((part) => part.join('\n')).join('\n\n')).toBe(`board horizon-j6
  Horizon Journey 6  OpenExplorer 3.0.31  built-in profile
  26 nodes in int8: 15 native, 11 unknown

operators on horizon-j6
  operator            count  int8     int16    int32-out  float16  float32  nodes
  Resize                  1  native   missing  unknown    unknown  unknown  upsample
  BatchNormalization      6  unknown  unknown  unknown    unknown  unknown  block0.a.norm, block0.b.norm …
  Relu                    3  unknown  unknown  unknown    unknown  unknown  block0.relu, block1.relu …
  Sub                     1  unknown  unknown  unknown    unknown  unknown  sub_mean
  Transpose               1  unknown  unknown  unknown    unknown  unknown  output
  Conv                    9  native   unknown  native     unknown  unknown  head, block0.a …
  Add                     5  native   native   unknown    native   native   block0.sum, block1.sum …

why, on horizon-j6
  Resize in int16 is not taken: int8 only in 3.0.31: a picture that is resized on the way loses what int16 would keep  (report)

outputs of horizon-j6
  output  type     layout   scale  last computing node  what stands between
  output  unknown  unknown      –  Conv tail            Add add_mean, Transpose output
  output: Add 'add_mean', Transpose 'output' stand between 'tail' and the dequantize, so its accumulator is rounded first; no document states Transpose in int8

limits of horizon-j6
  unknown: opset, irVersion, dynamicShapes, dimension, rank, batch, names`)
  })

  it('a board that is not there is refused before the model is read', async () => {
    await expect(reports('none.onnx', ['horizon-j7'])).rejects.toMatchObject({ code: 'input.unknown-board', next: expect.stringMatching(/horizon-j6|horizon-j5/) as string })
  })
})
