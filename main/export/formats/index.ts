import { parseCsv } from '../../core/csv.ts'
import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { BoardProfile } from '../../boards/profile.ts'
import type { Format } from '../subject.ts'
import { horizon, horizonSamples, yamlFaults } from './horizon.ts'
import { onnxruntime, overrideFaults, rangesFaults } from './onnxruntime.ts'
import { nncfFaults, openvino } from './openvino.ts'
import { faults061, faults100, faults200, qnn } from './qnn.ts'
import { datasetFaults, hybridFaults, rknn } from './rknn.ts'
import { qtableFaults, sophon, tableFaults } from './sophon.ts'
import { amct, amctFaults, ncnn, ncnnFaults, tengine, tengineFaults } from './tables.ts'
import { cacheFaults, dynamicRangeFaults, tensorrt } from './tensorrt.ts'
import { recipeFaults, tableFaults as tfliteTableFaults, tflite } from './tflite.ts'

export const FORMATS: readonly Format[] = [onnxruntime, sophon, horizon, rknn, qnn, tensorrt, openvino, tflite, ncnn, tengine, amct]

/** A format with the settings that a board gives it, whole. */
export interface ChosenFormat {
  readonly format: Format
  readonly settings: Readonly<Record<string, string>>
}

/** Those that a board's profile names, then those that are added by name; what names none gets the QDQ model with its ranges. Throws `input.unknown-format`. */
export function formatsFor({ exports, name: board }: Pick<BoardProfile, 'exports' | 'name'>, added: readonly string[] = []): ChosenFormat[] {
  const own = Object.entries(exports)
  const stated = own.length === 0 ? [['onnxruntime', {}] as const] : own
  const named = added.filter((name) => !stated.some(([other]) => other === name)).map((name) => [name, {}] as const)
  return [...stated, ...named].map(([name, given]) => {
    const format = FORMATS.find((one) => one.name === name)
    if (!format) throw new Fault({ code: 'input.unknown-format', what: `there is no export format «${name}»`, where: board, next: didYouMean(name, FORMATS.map((one) => one.name)) })
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(format.settings, key))
    if (unknown !== undefined) throw new Fault({ code: 'input.unknown-format', what: `the format ${name} has no setting «${unknown}»`, where: board, next: didYouMean(unknown, Object.keys(format.settings)) ?? 'It has none.' })
    const settings: Readonly<Record<string, string>> = { ...format.settings, ...given }
    for (const [key, known] of Object.entries(format.choices ?? {})) {
      if (!known.includes(settings[key]!)) throw new Fault({ code: 'input.unknown-format', what: `the setting ${key} of the format ${name} cannot be «${settings[key]!}»`, where: board, next: didYouMean(settings[key]!, known) ?? `It is one of ${known.join(', ')}.` })
    }
    const samples = format === horizon ? horizonSamples(settings) : format.samples
    return { format: { ...format, ...(samples ? { samples } : {}) }, settings }
  })
}

type Reader = (text: string) => readonly string[]

/** What is wrong with a text of a bundle, by the id of its format; empty where nothing is. */
const READERS: Readonly<Record<string, Reader>> = {
  json: (text) => (JSON.parse(text) === undefined ? ['empty'] : []), csv: (text) => (parseCsv(text, 'table').length > 0 ? [] : ['it has no heading']),
  'ort-ranges': rangesFaults, 'ort-overrides': overrideFaults, 'tpu-mlir-table': tableFaults, 'tpu-mlir-qtable': qtableFaults, 'horizon-yaml': yamlFaults,
  'rknn-dataset': datasetFaults, 'rknn-hybrid': hybridFaults,
  'aimet-0.6.1': faults061, 'aimet-1.0.0': faults100, 'aimet-2.0.0': faults200, 'tensorrt-cache': cacheFaults, 'dynamic-ranges': dynamicRangeFaults,
  nncf: nncfFaults, 'ai-edge-recipe': recipeFaults, 'tflite-table': (text) => tfliteTableFaults(parseCsv(text, 'table').map(({ cells }) => cells)),
  'ncnn-table': ncnnFaults, 'tengine-scale': tengineFaults, 'amct-record': amctFaults,
}

/** Reads a text as strictly as the strictest reader of its format. Each fault is a few words, with the line or name. */
export function formatFaults(format: string, text: string): readonly string[] {
  const reader = READERS[format]
  if (!reader) return [`the format «${format}» is not known to this version`]
  try {
    return reader(text)
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}
