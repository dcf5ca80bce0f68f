import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InspectReport } from '../../main/app/api.ts'
import { SAMPLE, scalewright } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const MODEL = join(SAMPLE ?? '', 'models/troubled_x2.onnx')

describe.skipIf(SAMPLE === null)('inspect --board', () => {
  test('prints each board that is named, and --json carries the tables', async () => {
    const workspace = temporaryFolder()
    const person = await scalewright(['inspect', MODEL, '--board', 'horizon-j6,ort-cpu', '--workspace', workspace])
    expect(person.code).toBe(0)
    expect(person.stdout).toMatch(/operators on horizon-j6\n {2}operator +count +int8 +int16 +int32-out +float16 +float32 +nodes\n {2}Resize +1 +native +missing/)
    expect(person.stdout).toMatch(/outputs of horizon-j6\n.*\n {2}output +unknown +unknown +– +Conv tail +Add add_mean, Transpose output\n/)
    expect(person.stdout).toMatch(/board ort-cpu\n/)
    const chinese = await scalewright(['inspect', MODEL, '--board', 'horizon-j6', '--lang', 'zh', '--workspace', workspace])
    expect(chinese.stdout).toMatch(/horizon-j6 上的算子\n.*\n {2}Resize +1 +原生 +不支持/)
    const json = await scalewright(['inspect', MODEL, '--board', 'horizon-j6', '--board', 'tensorrt', '--json', '--workspace', workspace])
    const { boards } = JSON.parse(json.stdout) as InspectReport
    expect(boards.map(({ board }) => board)).toEqual(['horizon-j6', 'tensorrt'])
    expect(boards[0]!.outputs[0]).toMatchObject({ output: 'output', last: { node: 'tail', op: 'Conv' }, between: [{ op: 'Add' }, { op: 'Transpose', kind: 'mover' }] })
  })

  test('a profile in the workspace wins; its mistakes name the line, unknown boards the nearest', async () => {
    const workspace = temporaryFolder()
    mkdirSync(join(workspace, 'boards'))
    const file = join(workspace, 'boards/mine.yaml')
    const head = 'name: mine\ntitle: Mine\nvendor: Me\ntoolchain: [one]\nsources: { a: { document: A, page: P } }\noperators:\n'
    writeFileSync(file, `${head}  - { ops: Conv, int8: native, source: a }\n`)
    const good = await scalewright(['inspect', MODEL, '--board', 'mine', '--workspace', workspace])
    expect(good.stdout).toMatch(/board mine\n {2}Mine {2}one {2}.*mine\.yaml\n/)
    writeFileSync(file, `${head}  - { ops: Conv, int8: native, source: a }\n  - { ops: Conv, int8: missing, source: a }\n`)
    const bad = await scalewright(['inspect', MODEL, '--board', 'mine', '--workspace', workspace])
    expect(bad.code).toBe(2)
    expect(bad.stderr).toMatch(/mine\.yaml:7:18 says Conv in int8 is native/)
    expect(bad.stderr).toMatch(/mine\.yaml:8:18/)
    const none = await scalewright(['inspect', MODEL, '--board', 'horizon-6', '--workspace', workspace])
    expect(none).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toMatch(/no board «horizon-6»[^]*horizon-j6/)
    const run = await scalewright(['run', MODEL, '--samples', join(SAMPLE!, 'calibration'), '--board', 'horizon-6', '--workspace', workspace])
    expect(run.code).toBe(2)
    expect(run.stderr).toMatch(/no board «horizon-6»/)
  })
})
