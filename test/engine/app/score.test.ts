import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { mobileAiScore } from '../../../main/compare/challenge-score.ts'
import { quietTask } from '../../../main/core/task.ts'
import { smallRecipe } from '../../fixtures/small-recipe.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const folder = temporaryFolder()
const workspace = join(folder, 'workspace')
let app: App
beforeAll(async () => {
  app = await openApp({ workspace, cwd: folder })
})
afterAll(() => app.close())

it('a recipe that asks for the challenge\'s score gets it in the notes, from its own PSNR and runtime', async () => {
  const run = await app.run({ recipe: await smallRecipe('compare={layers: none, operators: false, score: {kind: mobile-ai, c: 1e15}}') }, quietTask)
  const note = run.notes!.filter((text) => text.includes('mobile-ai'))
  expect(note).toHaveLength(1)
  const rgb = Object.keys(run.quality!.others).find((id) => id.startsWith('psnr-rgb'))!
  const fused = mobileAiScore(run.quality!.others[rgb]!.fused!, run.latency!.fusedMs.median, 1e15)
  expect(note[0]).toContain(`fused ${Number(fused.toPrecision(4))} (`)
  expect(note[0]).toContain(rgb)
  expect(note[0]).toContain(run.latency!.protocol)
})

it('an audit takes times from the table beside the board\'s profile, and names the line of one that is wrong', async () => {
  const recipe = await smallRecipe()
  await mkdir(join(workspace, 'boards'), { recursive: true })
  const path = join(workspace, 'boards', 'ort-cpu.csv')
  const header = 'op,kernel,height,width,precision,median_ms'
  await writeFile(path, `${header}\nConv,3,128,128,int8,1\nDepthToSpace,,128,128,int8,30\n`)
  const { findings, notes } = await app.audit({ recipe }, quietTask)
  expect(notes).toContain(`Operator times are those of ${path}.`)
  expect(findings!.filter(({ what }) => what.includes('of the time'))).toMatchObject([{ rule: 'SW-D01', what: expect.stringContaining('DepthToSpace would take') as string }])
  await writeFile(path, `${header}\nConv,3,128,128,int8,1\nConv,3,128,128,int8,soon\n`)
  expect(await faultOf(() => app.audit({ recipe }, quietTask))).toMatchObject({ code: 'input.table-value', where: `${path}:3` })
})
