import { isAbsolute, join, relative, sep } from 'node:path'
import type { Artifact, Run } from '../core/run.ts'

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** How one list of a Run is kept in its own table, a row an element, in order. */
export interface Part {
  /** Key in the Run, and name of the table. */
  readonly name: PartName
  readonly columns: readonly string[]
  /** Values for `columns`. */
  toRow(element: object): readonly SqlValue[]
  fromRow(row: SqlRow): object
}

export type PartName = 'scales' | 'layers' | 'operators' | 'proofs' | 'findings' | 'gates' | 'artifacts' | 'trials' | 'sensitivity' | 'pareto'

type ElementOf<Name extends PartName> = NonNullable<Run[Name]>[number]

/** `plain`: as SQLite keeps it; `number`: NaN is kept as NULL; `flag`: boolean as 0 and 1; `json`: a list as text. `-or-absent`: NULL where the element has no such key. */
type Kind = 'plain' | 'number' | 'flag' | 'json' | 'number-or-absent' | 'json-or-absent'

/** A part whose columns are named like the element's keys, in snake case. Every key must be given a kind, or this does not compile. */
function part<Name extends PartName>(name: Name, kinds: Readonly<Record<keyof ElementOf<Name>, Kind>>): Part {
  const fields = Object.entries<Kind>(kinds).map(([key, kind]) => ({ key, kind, column: snakeCase(key) }))
  return {
    name,
    columns: fields.map(({ column }) => column),
    toRow: (element) => fields.map(({ key, kind }) => encode(kind, (element as Record<string, unknown>)[key])),
    fromRow: (row) => Object.fromEntries(fields.flatMap(({ key, kind, column }) => (kind.endsWith('-or-absent') && row[column] === null ? [] : [[key, decode(kind, row[column]!)]]))),
  }
}

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function encode(kind: Kind, value: unknown): SqlValue {
  if (kind.endsWith('-or-absent') && value === undefined) return null
  if (kind === 'json' || kind === 'json-or-absent') return JSON.stringify(value)
  return kind === 'flag' ? Number(value) : (value as SqlValue)
}

function decode(kind: Kind, value: SqlValue): unknown {
  if (kind === 'json' || kind === 'json-or-absent') return JSON.parse(value as string)
  if (kind === 'flag') return value === 1
  return kind === 'number' && value === null ? NaN : value
}

const scales = part('scales', {
  tensor: 'plain', kind: 'plain', type: 'plain', granularity: 'plain', axis: 'plain', scale: 'json', zeroPoint: 'json',
  lo: 'number', hi: 'number', method: 'plain', float: 'flag', reason: 'plain',
})

const layers = part('layers', {
  node: 'plain', op: 'plain', tensor: 'plain', mode: 'plain',
  sqnrDb: 'number', cosine: 'number', mse: 'number', maxAbs: 'number', clippedPercent: 'number',
})

const operators = part('operators', { node: 'plain', op: 'plain', version: 'plain', us: 'number' })

const proofs = part('proofs', {
  rewrite: 'plain', nodes: 'json', verdict: 'plain', maxAbs: 'number', inputs: 'plain', borders: 'flag',
  relative: 'number-or-absent', ulp: 'number-or-absent', edgeMaxAbs: 'number-or-absent', worst: 'json-or-absent', tried: 'json-or-absent', outputs: 'json-or-absent',
})

const findings = part('findings', { rule: 'plain', severity: 'plain', node: 'plain', tensor: 'plain', what: 'plain', why: 'plain', fix: 'plain' })

const gates = part('gates', { rule: 'plain', measured: 'plain', passed: 'flag' })

const trials = part('trials', {
  stage: 'plain', settings: 'json', samples: 'plain', key: 'plain', protocol: 'plain', score: 'plain', floatScore: 'plain', scoreError: 'plain', nsr: 'plain', scales: 'plain', model: 'plain',
  seconds: 'plain', inferenceSeconds: 'plain', inferences: 'plain', savedInferences: 'plain', fault: 'plain',
})

const sensitivity = part('sensitivity', {
  unit: 'plain', layer: 'plain', op: 'plain', nodes: 'json', tensors: 'json', rank: 'plain', alone: 'plain', allButOne: 'plain', accumulated: 'plain', aloneScore: 'plain', allButOneScore: 'plain',
  accumulatedScore: 'plain', weightNsr: 'plain', inputNsr: 'plain', outputNsr: 'plain', clipShare: 'plain', macsShare: 'plain', cumulativeShare: 'plain',
})

const pareto = part('pareto', {
  settings: 'json', plan: 'json', protocol: 'plain', score: 'plain', lost: 'plain', nsr: 'plain', predictedNsr: 'plain', bitMacs: 'plain', bytes: 'plain', macsInt16: 'plain',
  macsFloat: 'plain', latency: 'plain', front: 'flag', chosen: 'flag',
})

/** The part that is written element by element while its run lasts. */
export const TRIALS = trials

/** Paths inside the workspace are kept relative to it, so that the folder can be moved. */
function artifacts(folder: string): Part {
  const plain = part('artifacts', { role: 'plain', path: 'plain', sha256: 'plain', bytes: 'plain' })
  return {
    ...plain,
    toRow: (element) => plain.toRow({ ...element, path: inWorkspace(folder, (element as Artifact).path) }),
    fromRow: (row) => ({ ...plain.fromRow(row), path: fromWorkspace(folder, row.path as string) }),
  }
}

/** The absolute path of one that `inWorkspace` gave. */
export const fromWorkspace = (folder: string, path: string): string => (isAbsolute(path) ? path : join(folder, path))

/** A path below the workspace relative to it, with forward slashes; any other absolute path as it is. */
export function inWorkspace(folder: string, path: string): string {
  const inner = relative(folder, path)
  const below = inner !== '' && !inner.startsWith('..') && !isAbsolute(inner)
  return below ? inner.split(sep).join('/') : path
}

/** Every part of a run that has a table of its own. */
export const partsOf = (folder: string): readonly Part[] => [scales, layers, operators, proofs, findings, gates, artifacts(folder), trials, sensitivity, pareto]
