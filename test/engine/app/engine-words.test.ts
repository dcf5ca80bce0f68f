import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { bundledSample } from '../../../main/app/demo.ts'
import { quietTask } from '../../../main/core/task.ts'
import { readerOf } from '../../../renderer/texts/engine-reader.ts'
import { engine } from '../../../renderer/texts/zh/engine.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const troubled = join(bundledSample(), 'models/troubled_x2.onnx')
const read = readerOf(engine)

/** Those that the Chinese window would show in English. */
const unknown = (texts: readonly (string | undefined)[]): readonly string[] => [...new Set(texts)].filter((text) => text !== undefined && text !== '' && read(text) === undefined) as string[]

/** Two English words in a row, in lower case: what a half-translated sentence has, and names, commands and documents have not. */
const half = (texts: readonly string[]): readonly string[] => texts.map((text) => read(text) ?? '').filter((text) => /(?<![`'\w.-])[a-z]{2,} [a-z]{2,} [a-z]{2,}/.test(text.replaceAll(/`[^`]*`/g, '').replaceAll(/（[^（）]*）/g, '')))

let app: App
beforeAll(async () => {
  app = await openApp({ workspace: join(folder, 'words'), cwd: folder })
})
afterAll(() => app.close())

test('notes, reasons and findings of a real run are all known in Chinese', async () => {
  const run = await app.run({ recipe: await smallRecipe() }, quietTask)
  const texts = [...(run.notes ?? []), ...(run.scales ?? []).map(({ reason }) => reason), ...(run.findings ?? []).flatMap(({ what, why, fix }) => [what, why, fix])].filter((text) => text !== '')
  expect(texts.length).toBeGreaterThan(20)
  expect(unknown(texts)).toEqual([])
  expect(half(texts)).toEqual([])
})

test('what rewrites find and refuse on the troubled model is all known', async () => {
  const recipe = await smallRecipe(`model=${troubled}`)
  const found = await app.view('rewrite-find', { recipe, workspace: app.workspace })
  const texts = found.rewrites.flatMap(({ found: places, refused }) => [...places.flatMap(({ what, why }) => [what, why]), ...refused.map(({ why }) => why)])
  expect(texts.length).toBeGreaterThan(20)
  expect(unknown(texts)).toEqual([])
  expect(half(texts)).toEqual([])
})

test('what is expected of the troubled model, how it is prepared and what boards do with it is all known', async () => {
  for (const board of ['ort-cpu', 'horizon-j6', 'tflite']) {
    const report = await app.inspect({ model: troubled, boards: [board] }, quietTask)
    const texts = [
      ...report.preparation, ...report.expectation,
      ...report.boards.flatMap(({ verdict, operators, outputs }) => [verdict, ...operators.flatMap(({ verdicts }) => verdicts.map(({ why }) => why)), ...outputs.map(({ why }) => why)]),
    ].filter((text) => text !== '')
    expect(texts.length, board).toBeGreaterThan(10)
    expect(unknown(texts), board).toEqual([])
    expect(half(texts), board).toEqual([])
  }
})
