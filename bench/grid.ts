import type { Column } from '../main/cli/layout.ts'
import { quietTask } from '../main/core/task.ts'
import { quantizeRefined } from '../main/engine/jobs/refined.ts'
import { encodeModel } from '../main/onnx/encode.ts'
import { GRANULARITIES, METHODS, PRESETS } from '../main/recipe/recipe.ts'
import { say, table, type Figure } from './figure.ts'
import type { SectionResult } from './main.ts'
import { observed } from './pipeline.ts'
import { evaluationOf, qualityOf, type Evaluation } from './quality.ts'
import { recipeOf, subjects, threads, type Subject } from './subjects.ts'

/** What a cell of the table is made by; `set` as on the command line. */
interface Setting {
  readonly name: string
  readonly set: readonly string[]
}

interface GridRow {
  readonly model: string
  readonly setting: string
  /** dB lost in simulation, a set each. */
  readonly lossDb: readonly number[]
  /** Quantizing alone, with what looks at samples again. */
  readonly seconds: number
}

/** Every method with every sharing of weight scales under every preset; presets that come to the same types with a granularity given are one. */
const METHOD_GRID: readonly Setting[] = PRESETS.filter((preset) => preset !== 'arm').flatMap((preset) => GRANULARITIES.flatMap((granularity) => METHODS.map((method) => ({
  name: `${preset}${preset === 'ort-cpu' ? ' (arm)' : ''} ${granularity} ${method}`,
  set: [`quantize.preset=${preset}`, `quantize.weights.granularity=${granularity}`, `quantize.activations.method=${method}`],
}))))

const SCALE = 'quantize.weights.scale=search'
const ROUNDING = 'quantize.weights.rounding=adaround'
const BIAS = 'quantize.bias.correction=empirical'

/** What looks at samples again, each by itself and together. */
const REFINEMENTS: readonly Setting[] = [
  { name: 'nearest', set: [] }, { name: 'scale search', set: [SCALE] }, { name: 'adaround', set: [ROUNDING] }, { name: 'bias empirical', set: [BIAS] },
  { name: 'bias analytic', set: ['quantize.bias.correction=analytic'] }, { name: 'adaround + bias', set: [ROUNDING, BIAS] }, { name: 'scale + adaround + bias', set: [SCALE, ROUNDING, BIAS] },
]

export const benchGrid = (seeds: readonly number[], which = subjects()): Promise<SectionResult> => benchSettings('grid', METHOD_GRID, seeds[0]!, which)
export const benchRefine = (seeds: readonly number[], which = subjects()): Promise<SectionResult> => benchSettings('refine', REFINEMENTS, seeds[0]!, which)

/** One pass over the calibration crops of a seed for each model, then every setting on every evaluation set. */
async function benchSettings(section: string, settings: readonly Setting[], seed: number, which: readonly Subject[]): Promise<SectionResult> {
  const texts: string[] = []
  const rows: GridRow[] = []
  for (const subject of which) {
    const { piece, statistics } = await observed(recipeOf(subject, { seed }))
    const sets: Evaluation[] = []
    for (const index of subject.evaluation.keys()) sets.push(await evaluationOf(piece, subject, index))
    const own: GridRow[] = []
    for (const { name, set } of settings) {
      const began = performance.now()
      const { quantized } = await quantizeRefined(piece, recipeOf(subject, { seed, set }), statistics, subject.name, { threads }, quietTask)
      const seconds = (performance.now() - began) / 1000
      const model = encodeModel(quantized.graph)
      const lossDb: number[] = []
      for (const one of sets) lossDb.push(one.floatDb - (await qualityOf(model, 'simulated', one)))
      own.push({ model: subject.name, setting: name, lossDb, seconds })
      say(`${subject.name} ${name}: ${lossDb.map((loss) => loss.toFixed(4)).join(' ')} dB, ${seconds.toFixed(1)} s`)
    }
    texts.push(tableOf(subject, seed, sets, own))
    rows.push(...own)
  }
  return { figures: rows.flatMap(({ model, setting, lossDb }): Figure[] => [{ section, subject: model, name: `${setting}, lost on ${subjectOf(which, model).evaluation[0]!.name}`, value: lossDb[0]!, unit: 'dB' }]), text: texts.join('\n\n'), details: { [section]: rows } }
}

const subjectOf = (which: readonly Subject[], name: string): Subject => which.find((subject) => subject.name === name)!

function tableOf(subject: Subject, seed: number, sets: readonly Evaluation[], rows: readonly GridRow[]): string {
  const columns: Column[] = [{ title: 'setting' }, ...sets.map(({ name }): Column => ({ title: `${name} dB`, align: 'right' })), { title: 'seconds', align: 'right' }]
  const floats = sets.map(({ name, floatDb, protocol }) => `${name} ${floatDb.toFixed(3)} dB (${protocol.id})`).join(', ')
  return `${subject.name}: dB lost in simulation, calibration seed ${seed}; float ${floats}\n${table(columns, rows.map(({ setting, lossDb, seconds }) => [setting, ...lossDb.map((loss) => loss.toFixed(4)), seconds.toFixed(1)]))}`
}
