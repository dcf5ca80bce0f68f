import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { openApp } from '../../main/app/app.ts'
import { bundledSample } from '../../main/app/demo.ts'
import { quietTask } from '../../main/core/task.ts'
import { readRecipe } from '../../main/recipe/read-recipe.ts'
import { openDatabase } from '../../main/store/database.ts'
import { storeOn } from '../../main/store/open-store.ts'
import { model, node, noise } from '../../test/fixtures/build-model.ts'
import { sampleEnvironment, sampleRun } from '../../test/fixtures/sample-run.ts'

export const LAYERS = 5000
export const RUNS = 10_000
export const NODES = 1000
const MEGABYTES = 100

export interface WindowSubjects {
  readonly workspace: string
  /** The bundled project. */
  readonly run: string
  /** The same, compared on a picture whose output is 3840 × 2160. */
  readonly large: string
  /** So many tensors that a table has to scroll. */
  readonly many: string
  /** Files. */
  readonly longModel: string
  readonly heavyModel: string
}

/** A workspace with what the window is measured on. */
export async function windowSubjects(folder: string): Promise<WindowSubjects> {
  const workspace = join(folder, 'space')
  const pictures = join(folder, 'pictures')
  const models = join(workspace, 'models')
  await Promise.all([pictures, models].map((path) => mkdir(path, { recursive: true })))
  const noisy = sharp({ create: { width: 480, height: 270, channels: 3, noise: { type: 'gaussian', mean: 120, sigma: 40 }, background: 'grey' } })
  await noisy.resize(1920, 1080, { kernel: 'cubic' }).png().toFile(join(pictures, 'hd.png'))
  const longModel = join(models, 'long.onnx')
  await writeFile(longModel, chain(NODES))
  const heavyModel = join(folder, 'heavy.onnx')
  await writeFile(heavyModel, heavy())
  const many = recordMany(workspace)
  const app = await openApp({ workspace, cwd: folder })
  try {
    const { run } = await app.run({ recipe: await recipe() }, quietTask)
    const evaluation = ['samples.evaluation.reference=null', 'samples.evaluation.metric=null', 'samples.evaluation.shave=null', `samples.evaluation.path=${pictures}`]
    const { run: large } = await app.run({ recipe: await recipe(...evaluation, 'compare.latency=false', 'compare.layers=none', 'gates=null') }, quietTask)
    return { workspace, run, large, many, longModel, heavyModel }
  } finally {
    await app.close()
  }
}

const recipe = (...set: string[]) => readRecipe(join(bundledSample(), 'recipe.yaml'), { set: ['samples.calibration.count=8', ...set] })

const chain = (count: number): Uint8Array => model({
  inputs: { x: [1, 8] }, outputs: { [`t${count - 1}`]: [1, 8] },
  nodes: Array.from({ length: count }, (_, index) => node(index % 3 === 2 ? 'Add' : 'Relu', index % 3 === 2 ? [`t${index - 1}`, `t${index - 2}`] : [index === 0 ? 'x' : `t${index - 1}`], [`t${index}`], {}, `n${index}`)),
})

/** Fully connected layers whose weights make the file so large. */
function heavy(): Uint8Array {
  const size = 1000
  const count = Math.ceil((MEGABYTES * 1e6) / (size * size * 4))
  return model({
    inputs: { t0: [1, size] }, outputs: { [`t${count}`]: [1, size] },
    nodes: Array.from({ length: count }, (_, index) => node('MatMul', [`t${index}`, `w${index}`], [`t${index + 1}`])),
    initializers: Object.fromEntries(Array.from({ length: count }, (_, index) => [`w${index}`, noise([size, size], index)])),
  })
}

/** A long history; its last run has thousands of tensors. */
function recordMany(workspace: string): string {
  const db = openDatabase(workspace)
  db.pragma('synchronous = OFF')
  const store = storeOn(db, workspace)
  const record = (index: number, layers: number): string => {
    const run = sampleRun(store.beginRun({ verb: 'run', environment: sampleEnvironment }), layers)
    store.finishRun({ ...run, quality: { ...run.quality!, perSample: [], simulated: 33 + (index % 500) / 1000 }, model: { ...run.model!, path: `models/net-${index % 40}.onnx`, sha256: String(index % 40).padStart(64, 'a') } })
    return run.run
  }
  try {
    return db.transaction(() => {
      for (let index = 1; index < RUNS; index++) record(index, 2)
      return record(0, LAYERS)
    })()
  } finally {
    store.close()
  }
}
