import { statSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { boardNames } from '../../boards/read-profile.ts'
import { asFault, type FaultData } from '../../core/fault.ts'
import { sha256 } from '../../core/hash.ts'
import { quietTask, type Task } from '../../core/task.ts'
import { bundleTexts } from '../../export/bundle-texts.ts'
import { checkDestination, isZipPath } from '../../export/destination.ts'
import { FORMATS } from '../../export/formats/index.ts'
import { pictureSheet, type LayerHistogram, type SheetRow } from '../../export/figures.ts'
import { goldenInputs, goldenOutputs } from '../../export/golden.ts'
import { hasErrors } from '../../export/readiness.ts'
import type { Language } from '../../export/report.ts'
import { PLAIN_SAMPLES, sampleFiles } from '../../export/sample-files.ts'
import type { Check } from '../../export/subject.ts'
import { encodeModel } from '../../onnx/encode.ts'
import { loadRun, subjectFor, type BoardInput, type LoadedRun, type LoadInput } from './export-subject.ts'

/** Runs never change: the last one stays in memory for a screen that asks board by board. */
let kept: { readonly key: string; readonly loaded: Promise<LoadedRun> } | undefined

function loadedRun(input: LoadInput, task: Task): Promise<LoadedRun> {
  const key = `${input.run.run} ${input.quantized} ${input.statistics}`
  if (kept?.key !== key) {
    const loaded = loadRun(input, task)
    kept = { key, loaded }
    loaded.catch(() => { if (kept?.loaded === loaded) kept = undefined })
  }
  return kept!.loaded
}

export interface BoardCard {
  readonly name: string
  readonly title: string
  readonly vendor: string
  readonly toolchain: readonly string[]
  readonly origin: string
  readonly formats: readonly { readonly name: string; readonly title: string }[]
  /** Worst first. */
  readonly checks: readonly Check[]
  readonly ready: boolean
}

/** Every board with what it would say of the run. */
export async function exportBoardsJob(input: LoadInput & Omit<BoardInput, 'board' | 'formats'>, task: Task = quietTask): Promise<{ readonly boards: readonly BoardCard[]; readonly formats: readonly { readonly name: string; readonly title: string }[] }> {
  const loaded = await loadedRun(input, task)
  const boards: BoardCard[] = []
  for (const name of await boardNames({ workspace: input.workspace })) {
    const { subject, formats, checks } = await subjectFor(loaded, { ...input, board: name, formats: [] })
    const { title, vendor, toolchain, origin } = subject.board
    boards.push({ name, title, vendor, toolchain, origin, formats: formats.map(({ format }) => ({ name: format.name, title: format.title })), checks, ready: !hasErrors(checks) })
  }
  return { boards, formats: FORMATS.map(({ name, title }) => ({ name, title })) }
}

export interface PreviewFile {
  readonly path: string
  /** Of samples and golden vectors: as much as they take at most. */
  readonly bytes: number
  readonly exact: boolean
  /** null: no text, or a long one. */
  readonly text: string | null
  readonly sha256: string | null
}

export interface ExportPreview {
  readonly checks: readonly Check[]
  readonly files: readonly PreviewFile[]
  readonly bytes: number
  readonly coverage: { readonly rows: number; readonly matched: number }
  /** Of the layers that lost most, as the report draws them. */
  readonly histograms: readonly LayerHistogram[]
  /** What the README tells to type. */
  readonly commands: readonly { readonly title: string; readonly lines: readonly string[] }[]
}

const LONGEST_TEXT = 256 << 10
const REPORT = 'report/report.html'
/** A row of the picture sheet at most: three windows of noise, as PNG in base64. */
const MOST_SHEET_BYTES = 3 * 256 * 256 * 3 * 1.4

/** The bundle as it would be written, texts whole; nothing is computed by a model. */
export async function exportPreviewJob({ force = true, language, picture, ...input }: LoadInput & BoardInput & { readonly language: Language; readonly picture?: string; readonly force?: boolean }, task: Task = quietTask): Promise<ExportPreview> {
  const ready = await subjectFor(await loadedRun(input, task), input)
  const { subject, formats, checks, qdq, first, calibration } = ready
  const golden = goldenInputs(first.feeds, subject.inputs).map(({ name }) => name)
  const shown = picture !== undefined && statSync(picture, { throwIfNoEntry: false }) ? { picture: await readFile(picture) } : {}
  const { files, coverage } = bundleTexts(subject, formats, { checks, forced: force && hasErrors(checks), language, golden, proofs: [], histograms: ready.histograms, ...shown })
  const hasSheet = ready.expectation.output.kind.value === 'picture'
  const texts = files.map(({ path, text }): PreviewFile => {
    // Of the report the golden pictures are still missing: what models compute is known once it is written.
    const isOpen = hasSheet && path === REPORT
    return { path, bytes: Buffer.byteLength(text) + (isOpen ? MOST_SHEET_BYTES * golden.length : 0), exact: !isOpen, text: text.length > LONGEST_TEXT ? null : text, sha256: isOpen ? null : sha256(text) }
  })
  const models = ([['model/model.onnx', encodeModel(subject.graph)], ['model/model.qdq.onnx', qdq]] as const).map(([path, bytes]): PreviewFile => ({ path, bytes: bytes.byteLength, exact: true, text: null, sha256: sha256(bytes) }))
  const samples: PreviewFile[] = []
  if (calibration) {
    const sample = await calibration.samples.load(0)
    const like = (await Promise.all(formats.map(({ format }) => sampleFiles(sample, 0, subject.inputs, format.samples ?? PLAIN_SAMPLES)))).flat()
    const unique = [...new Map(like.map(({ path, bytes }) => [path, bytes.byteLength])).entries()]
    for (let index = 0; index < subject.samples; index++) {
      for (const [path, bytes] of unique) samples.push({ path: path.replace(/000(\.\w+)$/, `${String(index).padStart(3, '0')}$1`), bytes, exact: index === 0, text: null, sha256: null })
    }
  }
  const feed = subject.inputs.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 4), 0)
  const vectors = golden.flatMap((_, index) => ['in', 'float_out', 'sim_out'].map((kind): PreviewFile => ({ path: `golden/${kind}_${String(index).padStart(3, '0')}.npz`, bytes: feed, exact: false, text: null, sha256: null })))
  const all = [...texts, ...models, ...samples, ...vectors].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return {
    checks, files: all, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0), coverage: { rows: coverage.rows, matched: coverage.matched }, histograms: ready.histograms,
    commands: formats.map(({ format, settings }) => ({ title: format.title, lines: format.commands(subject, settings) })),
  }
}

let keptSheet: { readonly loaded: LoadedRun; readonly rows: Promise<SheetRow[]> } | undefined

/** The golden pictures of a run as the report shows them: both models are run. Empty where the model gives no picture. */
export async function exportSheetJob(input: LoadInput, task: Task = quietTask): Promise<{ readonly rows: readonly SheetRow[] }> {
  const loaded = await loadedRun(input, task)
  if (keptSheet?.loaded !== loaded) {
    const { workBytes, qdq, first, inputs, expectation } = loaded
    const rows = expectation.output.kind.value === 'picture'
      ? goldenOutputs({ float: workBytes, simulated: qdq }, goldenInputs(first.feeds, inputs), task).then((outputs) => pictureSheet(outputs, expectation))
      : Promise.resolve([])
    const kept = { loaded, rows }
    keptSheet = kept
    rows.catch(() => { if (keptSheet === kept) keptSheet = undefined })
  }
  return { rows: await keptSheet!.rows }
}

/** What stands at a destination, and what is free there. */
export async function exportPlaceJob({ out }: { readonly out: string }): Promise<{ readonly kind: 'folder' | 'zip'; readonly freeBytes: number; readonly replaces: boolean; readonly fault: FaultData | null }> {
  let folder = dirname(out)
  while (!statSync(folder, { throwIfNoEntry: false }) && dirname(folder) !== folder) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const fault = await checkDestination(out).then(() => null, (error: unknown) => asFault(error).toJSON())
  return { kind: isZipPath(out) ? 'zip' : 'folder', freeBytes: bavail * bsize, replaces: statSync(out, { throwIfNoEntry: false }) !== undefined, fault }
}
