import type { GraphNode, RewriteGraph } from '../../../preload/contract/index.ts'

export type ChangeKind = 'same' | 'changed' | 'removed' | 'added'

/** One thing in which a node of the same name differs. */
export interface Difference {
  readonly what: 'operator' | 'attribute' | 'input' | 'output' | 'weights'
  /** Of the attribute, or the place of the tensor; '' for the operator. */
  readonly name: string
  readonly before: string
  readonly after: string
}

/** A line of both graphs side by side: a node's index in each, null where it is not there. */
export interface DiffRow {
  readonly kind: ChangeKind
  readonly before: number | null
  readonly after: number | null
  readonly differences: readonly Difference[]
  /** Which change it belongs to; null for what stays as it is. */
  readonly change: number | null
}

/** Rows that follow one another and are not the same: what `]` goes to. */
export interface Change {
  readonly rows: readonly DiffRow[]
}

export interface GraphDiff {
  readonly rows: readonly DiffRow[]
  readonly changes: readonly Change[]
  /** By node index. */
  readonly before: ReadonlyMap<number, DiffRow>
  readonly after: ReadonlyMap<number, DiffRow>
}

/** What became of a graph. Nodes are the same by their names; what a rewrite makes has a name of its own. */
export function graphDiff(before: RewriteGraph, after: RewriteGraph): GraphDiff {
  const there = new Map(keysOf(after.nodes).map((key, index) => [key, index]))
  const pairs = keysOf(before.nodes).map((key) => there.get(key) ?? null)
  const taken = new Set(pairs)
  const ordered = new Set(increasing(pairs))
  const plain: Omit<DiffRow, 'change'>[] = []
  const common = (at: number, now: number): void => {
    const differences = differencesOf(before, before.nodes[at]!, after, after.nodes[now]!)
    plain.push({ kind: differences.length === 0 ? 'same' : 'changed', before: at, after: now, differences })
  }
  const back = new Map(pairs.flatMap((now, at) => (now === null ? [] : [[now, at] as const])))
  let now = 0
  // Nodes that another order brought elsewhere stand where they are now.
  const upTo = (end: number): void => {
    for (; now < end; now++) {
      if (taken.has(now)) common(back.get(now)!, now)
      else plain.push({ kind: 'added', before: null, after: now, differences: [] })
    }
  }
  for (const [at, partner] of pairs.entries()) {
    if (partner === null) plain.push({ kind: 'removed', before: at, after: null, differences: [] })
    else if (ordered.has(at)) {
      upTo(partner)
      common(at, partner)
      now = partner + 1
    }
  }
  upTo(after.nodes.length)
  return withChanges(plain)
}

function withChanges(plain: readonly Omit<DiffRow, 'change'>[]): GraphDiff {
  let change = -1
  let isOpen = false
  const rows = plain.map((row): DiffRow => {
    if (row.kind !== 'same' && !isOpen) change++
    isOpen = row.kind !== 'same'
    return { ...row, change: isOpen ? change : null }
  })
  return {
    rows,
    changes: Array.from({ length: change + 1 }, (_, index) => ({ rows: rows.filter((row) => row.change === index) })),
    before: new Map(rows.flatMap((row) => (row.before === null ? [] : [[row.before, row] as const]))),
    after: new Map(rows.flatMap((row) => (row.after === null ? [] : [[row.after, row] as const]))),
  }
}

/** A name for each node; names that come again are counted. */
function keysOf(nodes: readonly GraphNode[]): readonly string[] {
  const seen = new Map<string, number>()
  return nodes.map(({ name }) => {
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}\0${count}`
  })
}

/** Indexes of the longest run of numbers that grow; the others were moved. */
function increasing(values: readonly (number | null)[]): readonly number[] {
  const tails: number[] = []
  const came = new Map<number, number | undefined>()
  for (const [index, value] of values.entries()) {
    if (value === null) continue
    let [low, high] = [0, tails.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[tails[middle]!]! < value) low = middle + 1
      else high = middle
    }
    came.set(index, tails[low - 1])
    tails[low] = index
  }
  const run: number[] = []
  for (let at = tails.at(-1); at !== undefined; at = came.get(at)) run.push(at)
  return run.toReversed()
}

function differencesOf(before: RewriteGraph, old: GraphNode, after: RewriteGraph, now: GraphNode): readonly Difference[] {
  const attributes = new Map(old.attributes.map(({ name, text }) => [name, text]))
  const attributesNow = new Map(now.attributes.map(({ name, text }) => [name, text]))
  const found: Difference[] = []
  const put = (what: Difference['what'], name: string, was: string, is: string): void => {
    if (was !== is) found.push({ what, name, before: was, after: is })
  }
  put('operator', '', operatorOf(old), operatorOf(now))
  for (const name of new Set([...attributes.keys(), ...attributesNow.keys()])) put('attribute', name, attributes.get(name) ?? '', attributesNow.get(name) ?? '')
  for (let place = 0; place < Math.max(old.inputs.length, now.inputs.length); place++) {
    const [was, is] = [before.tensors[old.inputs[place] ?? -1], after.tensors[now.inputs[place] ?? -1]]
    put('input', String(place), was?.name ?? '', is?.name ?? '')
    if (was?.name === is?.name) put('weights', is?.name ?? '', JSON.stringify([was?.initializer, was?.dims]), JSON.stringify([is?.initializer, is?.initializer ? is.dims : was?.dims]))
  }
  for (let place = 0; place < Math.max(old.outputs.length, now.outputs.length); place++) {
    put('output', String(place), before.tensors[old.outputs[place] ?? -1]?.name ?? '', after.tensors[now.outputs[place] ?? -1]?.name ?? '')
  }
  return found
}

export const operatorOf = ({ domain, op }: GraphNode): string => (domain === '' ? op : `${domain}.${op}`)
