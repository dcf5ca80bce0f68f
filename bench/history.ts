import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LayerError, Run } from '../main/core/run.ts'
import { seededRandom } from '../main/core/random.ts'
import type { ScaleRow } from '../main/core/scale-table.ts'
import { openDatabase } from '../main/store/database.ts'
import { openStore, storeOn, type Store } from '../main/store/open-store.ts'
import type { RunPageRequest } from '../main/store/page-of-runs.ts'
import { say, type Figure } from './figure.ts'

const RUNS = 10_000
const LAYERS = 200
const TIMES = 15

const GOALS = { open: 300, page: 300, filter: 50 } as const

/** What a long history costs: 10,000 runs of 200 layers in a workspace of their own, asked as the window asks. */
export function benchHistory(): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), 'scalewright-bench-history-'))
  try {
    say(`history: recording ${RUNS} runs of ${LAYERS} layers`)
    record(folder)
    const [openMs, store] = timed(() => openStore(folder))
    try {
      return [figure('the workspace opened', openMs, GOALS.open), ...questions(store)]
    } finally {
      store.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function questions(store: Store): Figure[] {
  const page = (request: Partial<RunPageRequest>) => () => store.pageOfRuns({ filter: {}, sort: [], offset: 0, limit: 200, ...request })
  const newest = store.listRuns({ limit: 8 }).map(({ run }) => run)
  return [
    figure('first page, for the first time', timed(page({}))[0], GOALS.page),
    figure('page, newest first', median(page({})), GOALS.page),
    figure('page, worst drop first', median(page({ sort: [{ by: 'drop', down: true }, { by: 'model', down: false }] })), GOALS.page),
    figure('last page', median(page({ offset: RUNS - 200 })), GOALS.page),
    figure('filter by text', median(page({ filter: { text: 'variant 77' } })), GOALS.filter),
    figure('filter by text that nothing holds', median(page({ filter: { text: 'nowhere' } })), GOALS.filter),
    figure('filter by method and board', median(page({ filter: { method: 'kl', board: 'board-3' } })), GOALS.filter),
    figure('filter by drop and worst layer, sorted', median(page({ filter: { bounds: [{ number: 'drop', sense: '<=', value: 0.1 }, { number: 'worst', sense: '<', value: 12 }] }, sort: [{ by: 'worst', down: false }] })), GOALS.filter),
    figure('filter by tag', median(page({ filter: { tag: 'ship' } })), GOALS.filter),
    figure('8 runs compared', median(() => store.compareRuns(newest)), GOALS.page),
    figure('lineage', median(() => store.lineageOf(newest[0]!)), GOALS.page),
  ]
}

const figure = (name: string, value: number, goal: number): Figure => ({ section: 'history', subject: `${RUNS} runs`, name, value, unit: 'ms', goal })

function timed<T>(work: () => T): [ms: number, result: T] {
  const began = performance.now()
  const result = work()
  return [performance.now() - began, result]
}

const median = (work: () => unknown): number => Array.from({ length: TIMES }, () => timed(work)[0]).toSorted((a, b) => a - b)[TIMES >> 1]!

function record(folder: string): void {
  const db = openDatabase(folder)
  db.pragma('synchronous = OFF') // How quickly the disk keeps them is another question.
  const store = storeOn(db, folder)
  const random = seededRandom(9)
  let parent: string | null = null
  for (let count = 0; count < RUNS; count++) {
    const begun = store.beginRun({ verb: 'run', environment: ENVIRONMENT, parent: count % 5 === 0 ? null : parent })
    store.finishRun(runOf(begun, count, random))
    if (count % 50 === 0) store.tagRun(begun.run, 'ship')
    parent = begun.run
  }
  store.close()
}

const ENVIRONMENT = { scalewright: '0.1.0', onnxruntime: '1.30.0', node: '24.21.0', cpu: 'bench', threads: 2 }
const METHODS = ['mse', 'kl', 'max', 'percentile', 'octav'] as const

function runOf(begun: Run, count: number, random: () => number): Run {
  const versions = { float: 33.5, simulated: 33.5 - random(), fused: 33.4 }
  return {
    ...begun, status: 'done', seconds: random() * 100,
    recipe: {
      model: `models/net-${count % 12}.onnx`, board: `board-${count % 7}`, seed: count, samples: { calibration: { path: 'calibration', count: 100 } },
      quantize: { activations: { bits: 8, method: METHODS[count % METHODS.length] }, layers: Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`conv_${at}`, { threshold: random() }])) },
    },
    model: { path: `models/net-${count % 12}.onnx`, sha256: String(count % 12).padStart(64, 'a'), bytes: 1e6, parameters: 1e5, macsPerSample: 0 },
    quality: { protocol: 'psnr-y/shave3/studio', unit: 'dB', ...versions, perSample: Array.from({ length: 5 }, (_, at) => ({ sample: `picture ${at}`, ...versions })), others: {} },
    size: { floatBytes: 1000, quantizedBytes: 260, ratio: 0.26 },
    scales: Array.from({ length: LAYERS }, (_, at): ScaleRow => ({
      tensor: `tensor_${at}`, kind: 'activation', type: 'uint8', granularity: 'tensor', axis: null, scale: [random()], zeroPoint: [0], lo: 0, hi: random(), method: 'mse', float: false, reason: '',
    })),
    layers: Array.from({ length: LAYERS }, (_, at): LayerError => ({
      node: `conv_${at}`, op: 'Conv', tensor: `tensor_${at}`, mode: 'accumulated', sqnrDb: 10 + random() * 40, cosine: 0.999, mse: random(), maxAbs: random(), clippedPercent: 0,
    })),
    gates: [{ rule: 'psnr_y_drop_db <= 0.1', measured: 33.5 - versions.simulated, passed: 33.5 - versions.simulated <= 0.1 }],
    notes: [`variant ${count}`, 'no calibration picture was left out', 'the preprocessing was guessed from the model'],
    artifacts: [],
  }
}
