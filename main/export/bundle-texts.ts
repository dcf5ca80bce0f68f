import type { ProofFacts } from '../core/run.ts'
import { nameTable, type Coverage } from './coverage.ts'
import type { ChosenFormat } from './formats/index.ts'
import { tableName } from './formats/sophon.ts'
import { preprocessFile } from './preprocess-file.ts'
import { acceptance, readme } from './readme.ts'
import { layersCsv, modelExplorer, pictureTitle, reportMarkdown, reportTables, reportTitle, type Language } from './report.ts'
import { reportHtml, type ReportFigures } from './report-html.ts'
import type { BundleText, Check, Subject } from './subject.ts'
import { pretty } from './written.ts'

export interface TextOptions {
  readonly checks: readonly Check[]
  readonly forced: boolean
  readonly language: Language
  /** Names of the golden inputs. */
  readonly golden: readonly string[]
  /** Of what was done for this board alone. */
  readonly proofs: readonly ProofFacts[]
  /** The run's side-by-side picture, a PNG. */
  readonly picture?: Uint8Array
  readonly histograms: ReportFigures['histograms']
  /** Absent: the models were not run yet. */
  readonly sheet?: ReportFigures['sheet']
}

export interface BundleTexts {
  /** Sorted by path. */
  readonly files: readonly BundleText[]
  readonly coverage: Coverage
}

/** Every text of a bundle but its manifest: pure, the same for the same run. */
export function bundleTexts(subject: Subject, formats: readonly ChosenFormat[], { checks, forced, language, golden, proofs, picture, histograms, sheet }: TextOptions): BundleTexts {
  const byOutput = formats.some(({ format }) => format.name === 'sophon')
  const coverage = nameTable(subject, (name, op) => (byOutput ? tableName(subject, { name, op, role: op === '' ? 'input' : 'activation' }) : name))
  const tables = reportTables(subject, checks, language)
  const written = formats.flatMap(({ format, settings }) => format.write(subject, settings))
  const title = reportTitle(subject, language)
  const files: BundleText[] = [
    { path: 'README.md', text: readme(subject, formats, { checks, forced, coverage, golden, written: written.map(({ path }) => path) }) },
    { path: 'ACCEPT.md', text: acceptance(subject, golden) },
    { path: 'preprocess.json', text: preprocessFile(subject.inputs), format: 'json' },
    { path: 'names.csv', text: coverage.csv, format: 'csv' },
    { path: 'model/rewrite.json', text: rewriteFile(subject, proofs), format: 'json' },
    { path: 'model/recipe.json', text: pretty(withoutPlaces(subject.run.recipe)), format: 'json' },
    { path: 'report/report.md', text: reportMarkdown(title, tables) },
    { path: 'report/report.html', text: reportHtml(title, tables, language, { histograms, ...(sheet && { sheet }), ...(picture && { picture: { title: pictureTitle(language), png: picture } }) }) },
    { path: 'report/layers.csv', text: layersCsv(subject.run.layers), format: 'csv' },
    { path: 'report/model_explorer.json', text: modelExplorer(subject.run.layers), format: 'json' },
    ...written,
  ]
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), coverage }
}

/** What was rewritten in order, and what each step was proved by. */
function rewriteFile({ run }: Subject, proofs: readonly ProofFacts[]): string {
  return pretty({ model: { sha256: run.model?.sha256 ?? '' }, asked: (run.recipe as { rewrite?: unknown } | undefined)?.rewrite ?? null, proofs: [...(run.proofs ?? []), ...proofs] })
}

/** Folders of the machine that made the run are nobody else's concern. */
function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces)
  if (typeof value === 'string') return /^(?:\/|[A-Za-z]:[\\/])/.test(value) ? value.split(/[\\/]/).at(-1) : value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutPlaces(item)]))
}
