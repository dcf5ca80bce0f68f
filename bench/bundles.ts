import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { App } from '../main/app/api.ts'
import { openApp } from '../main/app/app.ts'
import { boardNames } from '../main/boards/read-profile.ts'
import type { Column } from '../main/cli/layout.ts'
import { grouped } from '../main/cli/numbers.ts'
import { Fault } from '../main/core/fault.ts'
import type { Run } from '../main/core/run.ts'
import { quietTask } from '../main/core/task.ts'
import { exportJob, type ExportOutput } from '../main/engine/jobs/export.ts'
import { verifyJob } from '../main/engine/jobs/verify.ts'
import { recipeFromOptions } from '../main/recipe/read-recipe.ts'
import type { Recipe } from '../main/recipe/recipe.ts'
import { say, table } from './figure.ts'
import type { SectionResult } from './main.ts'
import { data, EDSR, hasData, recipeOf, sampleSubject, subjects } from './subjects.ts'

/** Little is measured and compared: what is looked at is the bundle. */
const SHORT = ['samples.calibration.count=4', 'samples.evaluation.count=1', 'compare.latency=false', 'compare.operators=false', 'gates=null']
const crop = (side: number): string[] => ['samples.evaluation.preprocess.crop.mode=center', `samples.evaluation.preprocess.crop.size=[${side}, ${side}]`]
/** Golden inputs go through both models three times a board, on one thread. */
const SIDE = 48

interface BundleRow {
  readonly model: string
  readonly board: string
  readonly formats: readonly string[]
  readonly files: number
  readonly bytes: number
  /** Of the zip. */
  readonly sha256: string
  /** What refused it; the bundle was then forced. */
  readonly refused: string | null
  /** A second export has the same bytes. */
  readonly same: boolean
  /** Files and golden outputs are in order. */
  readonly verified: boolean
}

/** Bundles of four models for every board: files and sizes, what refuses them, whether a second export is the same and both are found whole. */
export async function benchBundles(): Promise<SectionResult> {
  const rows: BundleRow[] = []
  const folder = await mkdtemp(join(tmpdir(), 'scalewright-bench-'))
  const app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder, threads: 1 })
  try {
    for (const [name, recipe] of recipes()) {
      const run = await app.run({ recipe }, quietTask)
      for (const board of await boardNames()) {
        const row = await bundleRow(name, run, board, app, folder)
        rows.push(row)
        say(cells(row).join('  '))
      }
    }
  } finally {
    await app.close()
    await rm(folder, { recursive: true, force: true })
  }
  const refused = [...new Set(rows.flatMap(({ refused: why }) => why ?? []))].map((why, index) => `refused ${index + 1}: ${why}`)
  const numbered = rows.map((row) => [...cells(row).slice(0, -1), row.refused === null ? '' : String(refused.findIndex((line) => line.endsWith(`: ${row.refused!}`)) + 1)])
  const text = [`Bundles of ${new Set(rows.map(({ model }) => model)).size} models for every board: zips, ${rows.filter(({ same, verified }) => same && verified).length} of ${rows.length} the same twice and verified`, table(COLUMNS, numbered), ...refused]
  return { figures: [], text: text.join('\n'), details: { bundles: rows } }
}

function recipes(): (readonly [name: string, recipe: Recipe])[] {
  const troubled = sampleSubject('troubled_x2')
  const magnified = subjects().map((subject) => [subject.name, recipeOf(subject, { set: [...SHORT, ...(hasData ? crop(SIDE) : []), ...(subject.name === EDSR ? ['compare.layers=none'] : [])] })] as const)
  const detector = data('images/coco48/images')
  return [
    ...magnified,
    ...(hasData ? [['FastestDet', recipeFromOptions(data('models/FastestDet.onnx'), { samples: detector, evaluation: detector, threads: 1, set: SHORT })] as const] : []),
    [troubled.name, recipeOf(troubled, { set: SHORT })],
  ]
}

async function bundleRow(model: string, run: Run, board: string, app: App, folder: string): Promise<BundleRow> {
  const [out, again] = ['one.zip', 'two.zip'].map((name) => join(folder, name)) as [string, string]
  const subject = await app.exportSubject(run, { board })
  const write = (path: string, force: boolean): Promise<ExportOutput> => exportJob({ ...subject, out: path, force, language: 'en', scalewright: '0' }, quietTask)
  let refused: string | null = null
  const made = await write(out, false).catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== 'input.not-ready') throw error
    refused = error.what
    return write(out, true)
  })
  await write(again, refused !== null)
  const { problems, golden } = await verifyJob({ bundle: out, golden: 0, threads: 1 }, quietTask)
  const row = {
    model, board, formats: made.formats, files: made.files.length + 1, bytes: (await readFile(out)).byteLength, sha256: made.sha256, refused,
    same: (await readFile(out)).equals(await readFile(again)), verified: problems.length === 0 && golden.length > 0 && golden.every(({ passed }) => passed),
  }
  for (const path of [out, again]) await rm(path)
  return row
}

const right = (title: string): Column => ({ title, align: 'right' })
const COLUMNS: readonly Column[] = [{ title: 'model' }, { title: 'board' }, { title: 'formats' }, right('files'), right('zip bytes'), { title: 'twice' }, { title: 'verify' }, right('refused')]

const cells = ({ model, board, formats, files, bytes, same, verified, refused }: BundleRow): string[] =>
  [model, board, formats.join(' '), String(files), grouped(bytes), same ? 'equal' : 'DIFFERS', verified ? 'passes' : 'FAILS', refused ?? '']
