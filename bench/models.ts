import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Column } from '../main/cli/layout.ts'
import { decibels, fixed } from '../main/cli/numbers.ts'
import { Fault } from '../main/core/fault.ts'
import type { Finding, Quality } from '../main/core/run.ts'
import { quietTask } from '../main/core/task.ts'
import { compareJob } from '../main/engine/jobs/compare.ts'
import { inspectJob } from '../main/engine/jobs/inspect.ts'
import { observeJob } from '../main/engine/jobs/observe.ts'
import { prepare } from '../main/engine/jobs/prepare.ts'
import { quantizeJob } from '../main/engine/jobs/quantize.ts'
import type { RecipeOptions } from '../main/recipe/changes.ts'
import { recipeFromOptions } from '../main/recipe/read-recipe.ts'
import { say, table } from './figure.ts'
import type { SectionResult } from './main.ts'
import { data, hasData, subjects, threads } from './subjects.ts'

interface ModelRow {
  readonly model: string
  readonly opset: number
  readonly parameters: number
  readonly quality: Omit<Quality, 'perSample'>
  /** float less simulated in the protocol's unit; null where the protocol compares with float. */
  readonly drop: number | null
  readonly latencyRatio: number
  readonly sizeRatio: number
  readonly seconds: number
  readonly notes: readonly string[]
  readonly findings: readonly Finding[]
}

interface Failure {
  readonly model: string
  readonly fault: string
}

interface Candidate {
  readonly name: string
  readonly model: string
  readonly options: RecipeOptions
}

/** Pictures that a super-resolution model of this factor is judged on; it calibrates on low-resolution pictures. */
const magnifier = (name: string, factor: number): Candidate =>
  ({ name, model: data(`models/${name}.onnx`), options: { samples: data('images/DIV2K_test_LR_x4'), evaluation: data(`images/Set5/image_SRF_${factor}`) } })

/** Eight pictures, which are calibrated on and compared on. */
const recognizer = (name: string, images: string): Candidate =>
  ({ name, model: data(`models/${name}.onnx`), options: { samples: data(images), evaluation: data(images), set: ['samples.calibration.count=8', 'samples.evaluation.count=8'] } })

const candidates = (): readonly Candidate[] =>
  hasData
    ? [
        magnifier('abpn_x3', 3), magnifier('edsr8_x2', 2), magnifier('srmobile_x2', 2), magnifier('espcn_x3_zoo', 3), magnifier('fsrcnn_x2', 2),
        magnifier('abpn_retrain_x4_120x160', 4), magnifier('srcnn_x3_cubic', 3),
        recognizer('FastestDet', 'images/coco48/images'), recognizer('squeezenet_fp16', 'images/imagenet50'), recognizer('ultraface_slim_320', 'images/coco48/images'),
      ]
    : subjects().map(({ name, model, calibration, evaluation }) => ({ name, model, options: { samples: calibration.path, evaluation: evaluation[0]!.path } }))

/** Every model the whole way without an option but samples. */
export async function benchModels(): Promise<SectionResult> {
  const done: ModelRow[] = []
  const failed: Failure[] = []
  for (const candidate of candidates()) {
    const row = await wholeWay(candidate)
    if ('fault' in row) failed.push(row)
    else done.push(row)
    say('fault' in row ? `${row.model}: FAILED: ${row.fault}` : cells(row).join('  '))
  }
  const text = [
    `Every model the whole way without an option but samples: ${done.length} of ${done.length + failed.length} done`, table(COLUMNS, done.map(cells)),
    ...failed.map(({ model, fault }) => `${model} FAILED: ${fault}`),
    ...done.flatMap(({ model, findings }) => findings.map(({ rule, what }) => `${model} ${rule}: ${what}`)),
  ]
  return { figures: [], text: text.join('\n'), details: { models: done, failed } }
}

async function wholeWay({ name, model, options }: Candidate): Promise<ModelRow | Failure> {
  const started = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'scalewright-bench-'))
  try {
    const recipe = recipeFromOptions(model, { ...options, threads })
    const [statistics, out] = [join(folder, 'statistics.bin'), join(folder, 'quantized.onnx')]
    const inspected = await inspectJob({ model, threads }, quietTask)
    const prepared = await prepare({ recipe, threads }, quietTask)
    await observeJob({ recipe, threads, statistics }, quietTask)
    const quantized = await quantizeJob({ recipe, statistics, out }, quietTask)
    const compared = await compareJob({ recipe, threads, quantized: out }, quietTask)
    const { perSample: _perSample, ...quality } = compared.quality!
    return {
      model: name, opset: inspected.opsets[''] ?? 0, parameters: inspected.parameters, quality,
      drop: quality.float === null || quality.simulated === null ? null : quality.float - quality.simulated,
      latencyRatio: compared.latency!.ratio, sizeRatio: quantized.bytes / inspected.bytes, seconds: (performance.now() - started) / 1000,
      notes: [...prepared.notes, ...quantized.notes, ...compared.notes], findings: compared.findings,
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { model: name, fault: error.message }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const right = (title: string): Column => ({ title, align: 'right' })
const COLUMNS: readonly Column[] = [
  { title: 'model' }, right('opset'), right('parameters'), { title: 'protocol' }, right('float'), right('simulated'), right('fused'), right('drop'),
  right('latency'), right('size'), right('s'), right('notes'),
]

function cells({ model, opset, parameters, quality, drop, latencyRatio, sizeRatio, seconds, notes }: ModelRow): string[] {
  return [
    model, String(opset), String(parameters), quality.protocol, decibels(quality.float), decibels(quality.simulated), decibels(quality.fused), fixed(drop, 3),
    latencyRatio.toFixed(2), sizeRatio.toFixed(3), seconds.toFixed(1), String(notes.length),
  ]
}
