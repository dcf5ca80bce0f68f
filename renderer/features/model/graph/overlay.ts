import type { ModelGraph, Run } from '../../../../preload/contract/index.ts'
import { cosine, fixed } from '../../../ui/format.ts'
import { sourcesOf } from './drawing.ts'

/** What can be painted on a graph from a run. */
export const OVERLAYS = ['sqnr', 'cosine', 'clipped', 'bits'] as const
export type Overlay = (typeof OVERLAYS)[number]
export type Tone = 'good' | 'warning' | 'bad' | 'plain'

export interface Mark {
  readonly value: number
  readonly text: string
  readonly tone: Tone
}

/** Shapes that say the same as the colours. */
export const GLYPHS: Readonly<Record<Tone, string>> = { good: '✓', warning: '!', bad: '▼', plain: '' }

/** Bounds between good and warning, and between warning and bad. */
export const BOUNDS: Readonly<Record<Exclude<Overlay, 'bits'>, readonly [good: number, bad: number]>> = { sqnr: [35, 25], cosine: [0.999, 0.99], clipped: [0.1, 1] }

export function toneOf(overlay: Overlay, value: number): Tone {
  if (overlay === 'bits') return 'plain'
  const [good, bad] = BOUNDS[overlay]
  if (overlay === 'clipped') return value <= good ? 'good' : value <= bad ? 'warning' : 'bad'
  return value >= good ? 'good' : value >= bad ? 'warning' : 'bad'
}

const written = (overlay: Overlay, value: number): string => {
  if (overlay === 'cosine') return cosine(value)
  if (overlay === 'bits') return value === 32 ? 'float' : `${value} bit`
  return overlay === 'sqnr' ? (value >= 120 ? '=' : `${fixed(value, 1)} dB`) : `${fixed(value, 2)} %`
}

/** The mark of each node that the run says something of, by the node's index. */
export function marksOf(graph: ModelGraph, run: Run, overlay: Overlay): ReadonlyMap<number, Mark> {
  const values = overlay === 'bits' ? bitsOf(run) : errorsOf(run, overlay)
  const sourceOf = sourcesOf(graph, true)
  const marks = new Map<number, Mark>()
  for (const [index, { name }] of graph.tensors.entries()) {
    const value = values.get(name)
    const node = value === undefined ? null : (sourceOf(index)?.node ?? null)
    if (node === null || value === undefined) continue
    const known = marks.get(node)
    if (known === undefined || isWorse(overlay, value, known.value)) marks.set(node, { value, text: written(overlay, value), tone: toneOf(overlay, value) })
  }
  return marks
}

const isWorse = (overlay: Overlay, a: number, b: number): boolean => (overlay === 'clipped' ? a > b : a < b)

/** The worst of several nodes: what a closed group shows. */
export function worstOf(marks: ReadonlyMap<number, Mark>, nodes: readonly number[], overlay: Overlay): Mark | undefined {
  const found = nodes.flatMap((node) => marks.get(node) ?? [])
  return found.length === 0 ? undefined : found.reduce((worst, mark) => (isWorse(overlay, mark.value, worst.value) ? mark : worst))
}

function errorsOf(run: Run, overlay: Exclude<Overlay, 'bits'>): Map<string, number> {
  const layers = run.layers ?? []
  const accumulated = layers.filter(({ mode }) => mode === 'accumulated')
  return new Map((accumulated.length > 0 ? accumulated : layers).map((layer) => [layer.tensor, { sqnr: layer.sqnrDb, cosine: layer.cosine, clipped: layer.clippedPercent }[overlay]]))
}

function bitsOf(run: Run): Map<string, number> {
  const rows = (run.scales ?? []).filter(({ kind }) => kind === 'activation')
  return new Map(rows.map((row) => [row.tensor, row.float || row.type === 'float32' ? 32 : Number(/\d+$/.exec(row.type)?.[0] ?? 32)]))
}
