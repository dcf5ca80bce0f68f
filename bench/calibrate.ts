import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { METHODS, solveThreshold } from '../main/calibrate/methods/index.ts'
import { DEFAULT_VALUES_PER_TENSOR, observe } from '../main/calibrate/observe.ts'
import { decodeStatistics, encodeStatistics } from '../main/calibrate/statistics-file.ts'
import type { Statistics } from '../main/calibrate/statistics.ts'
import { watchedTensors } from '../main/calibrate/watch.ts'
import type { Grid } from '../main/core/grid.ts'
import { quietTask } from '../main/core/task.ts'
import { encodeModel } from '../main/onnx/encode.ts'
import type { Graph } from '../main/onnx/graph.ts'
import { readModel } from '../main/onnx/model-file.ts'
import { prepareGraph } from '../main/onnx/prepare.ts'
import { openSession } from '../main/runtime/session.ts'
import { expectationOf } from '../main/samples/expectation.ts'
import { openSamples } from '../main/samples/open-samples.ts'
import type { Sample, SampleSet } from '../main/samples/sample.ts'

/** One measured number. */
export interface BenchRow {
  readonly bench: 'calibrate'
  readonly model: string
  readonly measure: string
  readonly value: number
  readonly unit: 'ratio' | 's' | 'MB'
  /** Largest value that is wanted. */
  readonly goal?: number
}

export interface CalibrateBenchOptions {
  /** Defaults to all cores. */
  readonly threads?: number
  /** Pictures for the time; 32 by default. */
  readonly pictures?: number
  /** Repetitions of which the median counts; 3 by default. */
  readonly runs?: number
  /** Numbers of pictures for the memory; 8, 32 and 128 by default. */
  readonly memoryAt?: readonly number[]
}

interface Subject {
  readonly name: string
  readonly model: string
  readonly pictures: string
}

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const CROP = 96

/** Two real models where the shared data lie beside the project, the bundled sample otherwise. */
function subjects(): Subject[] {
  const pictures = at('../shared/data/images/DIV2K_test_LR_x4')
  const real = ['edsr8_x2', 'abpn_x3'].map((name) => ({ name, model: at(`../shared/data/models/${name}.onnx`), pictures }))
  if (real.every(({ model }) => existsSync(model)) && existsSync(pictures)) return real
  return [{ name: 'sample_x2', model: at('resources/sample/models/sample_x2.onnx'), pictures: at('resources/sample/calibration') }]
}

/** Calibration time over bare inference of the same pictures, memory by number of pictures, and the time of all methods. */
export async function benchCalibrate(options: CalibrateBenchOptions = {}): Promise<BenchRow[]> {
  const threads = options.threads ?? cpus().length
  const rows: BenchRow[] = []
  for (const subject of subjects()) {
    const row = (measure: string, value: number, unit: BenchRow['unit'], goal?: number): void => {
      rows.push({ bench: 'calibrate', model: subject.name, measure, value: Number(value.toPrecision(4)), unit, ...(goal === undefined ? {} : { goal }) })
    }
    const { ratio, bareSeconds, seconds, statistics } = await timeOf(subject, threads, options.pictures ?? 32, options.runs ?? 3)
    row('bare inference', bareSeconds, 's')
    row('calibration', seconds, 's')
    row('calibration over bare inference', ratio, 'ratio', 1.5)
    row('all methods from statistics', methodsSeconds(statistics), 's', 1)
    const peaks: number[] = []
    for (const count of options.memoryAt ?? [8, 32, 128]) {
      const peak = await peakInChild(subject, threads, count)
      peaks.push(peak)
      row(`peak memory, ${count} pictures`, peak / 1e6, 'MB')
    }
    if (peaks.length > 1) row('peak memory, most over fewest pictures', peaks.at(-1)! / peaks[0]!, 'ratio', 1.05)
  }
  return rows
}

async function prepared(subject: Subject, count: number): Promise<{ graph: Graph; samples: SampleSet }> {
  const { graph } = prepareGraph((await readModel(subject.model)).graph, { opset: 13 })
  const preprocess = { crop: { mode: 'random', size: [CROP, CROP] } } as const
  return { graph, samples: await openSamples({ path: subject.pictures, count, seed: 0, role: 'calibration', preprocess }, expectationOf(graph), quietTask) }
}

const observed = (graph: Graph, samples: SampleSet, threads: number) =>
  observe(graph, samples, { tensors: watchedTensors(graph), valuesPerTensor: DEFAULT_VALUES_PER_TENSOR, threads }, quietTask)

/**
 * Medians over interleaved runs, of pictures that are loaded beforehand for both. Bare: the float session with every
 * optimization, opened and warmed up. Calibration: all of `observe`, its session's opening included.
 */
async function timeOf(subject: Subject, threads: number, count: number, runs: number) {
  const { graph, samples: opened } = await prepared(subject, count)
  const loaded: Sample[] = []
  for (let index = 0; index < opened.count; index++) loaded.push(await opened.load(index))
  const samples: SampleSet = { ...opened, load: (index) => Promise.resolve(loaded[index]!) }
  const bare: number[] = []
  const whole: number[] = []
  let statistics: Statistics | undefined
  for (let run = 0; run < runs; run++) {
    const session = await openSession(encodeModel(graph), { mode: 'float', threads })
    await session.run(loaded[0]!.feeds)
    const started = performance.now()
    for (const { feeds } of loaded) await session.run(feeds)
    bare.push((performance.now() - started) / 1000)
    await session.close()
    const result = await observed(graph, samples, threads)
    whole.push(result.facts.seconds)
    statistics = result.statistics
  }
  const ratios = whole.map((seconds, run) => seconds / bare[run]!)
  return { ratio: median(ratios), bareSeconds: median(bare), seconds: median(whole), statistics: statistics! }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** Every method for every tensor on an asymmetric grid, from a statistics file in memory, reading it included. */
function methodsSeconds(statistics: Statistics): number {
  const grid: Grid = { type: 'uint8', symmetric: false }
  const bytes = encodeStatistics(statistics)
  const started = performance.now()
  for (const tensor of decodeStatistics(bytes).tensors.values()) {
    for (const method of Object.keys(METHODS)) solveThreshold(method, tensor, grid)
  }
  return (performance.now() - started) / 1000
}

async function peakInChild(subject: Subject, threads: number, count: number): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), 'memory', JSON.stringify({ subject, threads, count })])
  return Number(stdout.trim())
}

/** In the child: prints the high-water mark of its memory after a pass. */
async function memoryChild(argument: string): Promise<void> {
  const { subject, threads, count } = JSON.parse(argument) as { subject: Subject; threads: number; count: number }
  const { graph, samples } = await prepared(subject, count)
  await observed(graph, samples, threads)
  process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'memory') await memoryChild(process.argv[3]!)
  else process.stdout.write(`${JSON.stringify(await benchCalibrate(), null, 2)}\n`)
}
