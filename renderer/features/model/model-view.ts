import type { ModelRef } from '../../../preload/contract/index.ts'
import { DIRECTIONS, type Direction } from './graph/elk-graph.ts'
import { GROUPINGS, type Grouping } from './graph/groups.ts'
import { OVERLAYS, type Overlay } from './graph/overlay.ts'

/** What the screen shows, as it stands in the address. */
export interface ModelView {
  /** Null: the project's model, where there is one. */
  readonly model: ModelRef | null
  /** What is selected: `n:` and a node's name, `g:` and a group's id, `i:` or `o:` and the name of an input or output. */
  readonly at: string | null
  /** The run whose errors are painted on the graph. */
  readonly run: string | null
  readonly overlay: Overlay
  readonly direction: Direction
  /** Null: as fits the model. */
  readonly grouping: Grouping | null
  /** Groups that are open. */
  readonly open: ReadonlySet<string> | 'all'
  readonly list: boolean
  /** Roundings (QuantizeLinear, DequantizeLinear) as part of their tensors. */
  readonly folded: boolean
  readonly find: string
  readonly sort: string
  /** The side panel shows the model although something is selected. */
  readonly aboutModel: boolean
  /** The side panel takes weights in. */
  readonly aboutWeights: boolean
}

const oneOf = <T extends string>(known: readonly T[], text: string | null): T | null => known.find((each) => each === text) ?? null

export function modelViewOf(parameters: URLSearchParams): ModelView {
  const open = parameters.get('groups') ?? ''
  return {
    model: refOf(parameters.get('m')),
    at: parameters.get('at'),
    run: parameters.get('run'),
    overlay: oneOf(OVERLAYS, parameters.get('overlay')) ?? 'sqnr',
    direction: oneOf(DIRECTIONS, parameters.get('dir')) ?? 'down',
    grouping: oneOf(GROUPINGS, parameters.get('group')),
    open: open === '*' ? 'all' : new Set(open.split(',').filter(Boolean).map(decodeURIComponent)),
    list: parameters.get('view') === 'list',
    folded: parameters.get('qdq') !== 'plain',
    find: parameters.get('q') ?? '',
    sort: parameters.get('sort') ?? '',
    aboutModel: parameters.get('side') === 'model',
    aboutWeights: parameters.get('side') === 'weights',
  }
}

/** Groups as they stand in the address. */
export const openText = (open: ReadonlySet<string> | 'all'): string => (open === 'all' ? '*' : [...open].map(encodeURIComponent).join(','))

/** A model in the address: `bundled`, `path:…`, `float:RUN`, `quantized:RUN`. */
export function refText(model: ModelRef): string {
  if (model.kind === 'bundled') return 'bundled'
  return model.kind === 'path' ? `path:${model.path}` : `${model.version}:${model.run}`
}

export function refOf(text: string | null): ModelRef | null {
  if (text === null) return null
  if (text === 'bundled') return { kind: 'bundled' }
  const [, kind, rest] = /^(path|float|quantized):(.+)$/s.exec(text) ?? []
  if (kind === undefined || rest === undefined) return null
  return kind === 'path' ? { kind, path: rest } : { kind: 'run', run: rest, version: kind === 'float' ? 'float' : 'quantized' }
}
