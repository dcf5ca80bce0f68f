import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { environment, productsSaturate } from '../main/runtime/environment.ts'
import { benchCalibrate, type BenchRow } from './calibrate.ts'
import { benchBundles } from './bundles.ts'
import { benchCascade } from './cascade.ts'
import { figureTable, reached, say, type Figure } from './figure.ts'
import { benchGrid, benchRefine } from './grid.ts'
import { benchHistory } from './history.ts'
import { benchModels } from './models.ts'
import { benchQuality } from './quality.ts'
import { benchResidual } from './residual.ts'
import { benchRewrites } from './rewrites.ts'
import { benchSpeedAndSize } from './speed-and-size.ts'
import { hasData, threads } from './subjects.ts'
import { benchTune } from './tune.ts'
import { benchWindow } from './window.ts'

const DEFAULT_SECTIONS = ['calibrate', 'methods', 'latency', 'size']
const SECTIONS = [...DEFAULT_SECTIONS, 'quality', 'models', 'history', 'window', 'residual', 'cascade', 'rewrites', 'grid', 'refine', 'tune', 'bundles']

const USAGE = `Usage: npm run bench -- [SECTION…] [--json] [--seeds 0,1,2]
Sections: ${SECTIONS.join(' ')}; without one: ${DEFAULT_SECTIONS.join(' ')}.`

/** What one section found: figures, and for people whatever else explains them. */
export interface SectionResult {
  readonly figures: readonly Figure[]
  /** Tables of its own, printed above the figures. */
  readonly text?: string
  /** The same for machines. */
  readonly details?: unknown
}

/** What ONNX Runtime's own Python quantizer stands at. */
const ANCHORS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  edsr8_x2: { 'calibration over bare inference': '4.8–5.9', 'peak memory, 8 pictures': '1100', 'peak memory, 32 pictures': '4000' },
  abpn_x3: { 'calibration over bare inference': '9.6–12.7' },
}
const METHODS_MEASURE = 'all methods from statistics'

async function calibration(sections: ReadonlySet<string>): Promise<Figure[]> {
  say('calibrate: time, memory and methods')
  const rows = await benchCalibrate(sections.has('calibrate') ? {} : { runs: 1, memoryAt: [] })
  return rows.map(figureOf).filter(({ section }) => sections.has(section))
}

function figureOf({ model, measure, value, unit, goal }: BenchRow): Figure {
  const anchor = ANCHORS[model]?.[measure]
  return {
    section: measure === METHODS_MEASURE ? 'methods' : 'calibrate', subject: model, name: measure, value, unit,
    ...(goal === undefined ? {} : { goal }), ...(anchor === undefined ? {} : { anchor }),
  }
}

async function results(sections: ReadonlySet<string>, seeds: readonly number[]): Promise<SectionResult[]> {
  const found: SectionResult[] = []
  const asked = (...names: string[]) => names.some((name) => sections.has(name))
  if (asked('calibrate', 'methods')) found.push({ figures: await calibration(sections) })
  const speed = new Set(['latency', 'size'].filter((name) => sections.has(name)))
  if (speed.size > 0) found.push({ figures: await benchSpeedAndSize(speed) })
  if (asked('quality')) found.push(await benchQuality(seeds))
  if (asked('models')) found.push(await benchModels())
  if (asked('history')) found.push({ figures: benchHistory() })
  if (asked('window')) found.push({ figures: await benchWindow() })
  if (asked('residual')) found.push(await benchResidual())
  if (asked('cascade')) found.push(await benchCascade())
  if (asked('rewrites')) found.push(await benchRewrites())
  if (asked('grid')) found.push(await benchGrid(seeds))
  if (asked('tune')) found.push({ figures: await benchTune() })
  if (asked('bundles')) found.push(await benchBundles())
  if (asked('refine')) found.push(await benchRefine(seeds))
  return found
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' }, help: { type: 'boolean' }, seeds: { type: 'string', default: '0,1,2' } } })
  const unknown = positionals.find((name) => !SECTIONS.includes(name))
  const seeds = values.seeds.split(',').map(Number)
  if (values.help || unknown !== undefined || !seeds.every((seed) => Number.isInteger(seed) && seed >= 0)) {
    process.stderr.write(`${unknown === undefined ? '' : `There is no section '${unknown}'.\n`}${USAGE}\n`)
    process.exitCode = values.help ? 0 : 2
    return
  }
  if (!hasData) say('The public test data (../shared/data) is not there: figures are of the bundled sample, and goals for edsr8_x2 and abpn_x3 do not apply.')
  const found = await results(new Set(positionals.length > 0 ? positionals : DEFAULT_SECTIONS), seeds)
  const figures = found.flatMap((section) => section.figures)
  const machine = { ...environment(threads), productsSaturate: productsSaturate(), publicData: hasData, load: loadavg()[0]! }
  if (values.json) {
    const details = found.map((section) => section.details).filter((part) => part !== undefined)
    process.stdout.write(`${JSON.stringify({ environment: machine, figures: figures.map((figure) => ({ ...figure, reached: reached(figure) })), details }, null, 2)}\n`)
    return
  }
  const parts = [`${machine.cpu}, ${threads} threads, ONNX Runtime ${machine.onnxruntime}, Node ${machine.node}, load ${loadavg()[0]!.toFixed(1)}`, ...found.flatMap(({ text }) => text ?? []), ...(figures.length > 0 ? [figureTable(figures)] : [])]
  process.stdout.write(`${parts.join('\n\n')}\n`)
}

await main()
