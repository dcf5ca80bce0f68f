import { nearestPairs } from '../../core/nearest.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import { graphWeights, type GraphWeight } from './graph-weights.ts'
import type { WeightRules } from './rules.ts'

export interface WeightPair {
  /** Of the graph. */
  readonly name: string
  /** Of the file. */
  readonly key: string
  readonly dims: readonly number[]
  /** How the file's axes are put, where that is said. */
  readonly perm?: readonly number[]
}

export interface WrongShape extends WeightPair {
  /** As the file has it, turned where that is said. */
  readonly found: readonly number[]
}

/** How the tensors of a file and the weights of a graph fit. */
export interface WeightMatch {
  readonly pairs: readonly WeightPair[]
  /** Weights of the graph that find nothing. */
  readonly missing: readonly string[]
  /** Keys of the file that nothing takes. */
  readonly unexpected: readonly string[]
  readonly wrongShapes: readonly WrongShape[]
  /** Of the missing and the unexpected, which may mean the same; of a missing one without such, the key that the order of layers calls for. */
  readonly nearest: readonly { readonly name: string; readonly key: string }[]
  /** Keys that the rules leave aside. */
  readonly ignored: readonly string[]
}

/** Finds for each weight of the graph its tensor: by name after the rules' changes, then by the order of layers where the rules know it. */
export function matchWeights(graph: Graph, tensors: ReadonlyMap<string, Tensor>, rules: WeightRules): WeightMatch {
  const ignored = [...tensors.keys()].filter((key) => rules.ignore.some((pattern) => pattern.test(plainKey(key, rules))))
  const keys = [...tensors.keys()].filter((key) => !ignored.includes(key))
  const wanted = graphWeights(graph).filter(({ name }) => !rules.keep.some((pattern) => pattern.test(name)))
  const taken = new Map<string, string>()
  for (const key of keys) {
    const name = renamed(key, rules)
    // By name any constant of the graph may be meant, learned or not.
    if (graph.initializers.has(name) && !taken.has(name)) taken.set(name, key)
  }
  const used = new Set(taken.values())
  const open = wanted.filter(({ name }) => !taken.has(name))
  const ordered = byOrder(open, keys.filter((key) => !used.has(key)), rules)
  for (const [name, key] of ordered.found) taken.set(name, key)

  const fitted = [...taken].map(([name, key]) => {
    const perm = rules.transpose.find(({ match, perm: axes }) => match.test(key) && axes.length === tensors.get(key)!.dims.length)?.perm
    const { dims } = graph.initializers.get(name)!
    const found = perm === undefined ? tensors.get(key)!.dims : perm.map((axis) => tensors.get(key)!.dims[axis]!)
    return { name, key, dims, found, ...(perm === undefined ? {} : { perm }) }
  })
  const all = new Set(taken.values())
  const missing = wanted.filter(({ name }) => !taken.has(name)).map(({ name }) => name)
  const unexpected = keys.filter((key) => !all.has(key))
  return {
    pairs: fitted.filter(({ dims, found }) => sameShape(dims, found)).map(({ found: _found, ...pair }) => pair),
    wrongShapes: fitted.filter(({ dims, found }) => !sameShape(dims, found)),
    missing, unexpected, ignored,
    nearest: nearestKeys(missing, unexpected, ordered.called, rules),
  }
}

/** Axes of one element say nothing: PRelu's slopes are [C] in PyTorch and [C, 1, 1] in ONNX. */
function sameShape(a: readonly number[], b: readonly number[]): boolean {
  const [left, right] = [a, b].map((dims) => dims.filter((dim) => dim !== 1).join())
  return left === right
}

/** Keys are compared as the rules leave them (a prefix that is taken off tells nothing), with what a weight would be called in the file where that is known. */
function nearestKeys(missing: readonly string[], unexpected: readonly string[], called: ReadonlyMap<string, string>, rules: WeightRules): WeightMatch['nearest'] {
  const keys = new Map(unexpected.map((key) => [plainKey(key, rules), key]))
  const names = new Map(missing.map((name) => [called.get(name) ?? calledByRule(name, rules) ?? name, name]))
  const pairs = nearestPairs([...names.keys()], [...keys.keys()]).map(({ wanted, candidate }) => ({ name: names.get(wanted)!, key: keys.get(candidate)! }))
  const rest = missing.filter((name) => called.has(name) && pairs.every((pair) => pair.name !== name))
  return [...pairs, ...rest.map((name) => ({ name, key: called.get(name)! }))]
}

/** The key that a rule without patterns makes this name of. */
const calledByRule = (name: string, { rename }: WeightRules): string | undefined =>
  rename.find(({ to }) => to === name)?.from.source.replace(/^\^/, '').replace(/\$$/, '').replaceAll(/\\(?=[^\w])/g, '')

function plainKey(key: string, { strip }: WeightRules): string {
  const prefix = strip.find((text) => key.startsWith(text))
  return prefix === undefined ? key : key.slice(prefix.length)
}

function renamed(key: string, rules: WeightRules): string {
  const plain = plainKey(key, rules)
  const rule = rules.rename.find(({ from }) => from.test(plain))
  return rule === undefined ? plain : plain.replace(rule.from, rule.to)
}

interface Ordered {
  readonly found: readonly (readonly [name: string, key: string])[]
  /** What weights of a known layer would be called, where the file has no such key. */
  readonly called: ReadonlyMap<string, string>
}

/** Layers of the file in the order that the rules give, each to the graph's layer at the same place; nothing where their numbers differ. */
function byOrder(open: readonly GraphWeight[], keys: readonly string[], rules: WeightRules): Ordered {
  const none: Ordered = { found: [], called: new Map() }
  if (rules.order.length === 0) return none
  const stems = new Map<string, { stem: string; place: readonly number[]; parts: Map<string, string> }>()
  for (const key of keys) {
    const plain = plainKey(key, rules)
    const dot = plain.lastIndexOf('.')
    const stem = plain.slice(0, Math.max(0, dot))
    const line = rules.order.findIndex((pattern) => pattern.test(stem))
    if (line < 0) continue
    const layer = stems.get(stem) ?? { stem, place: [line, ...(rules.order[line]!.exec(stem) ?? []).slice(1).map(Number)], parts: new Map<string, string>() }
    layer.parts.set(plain.slice(dot + 1), key)
    stems.set(stem, layer)
  }
  const ordered = [...stems.values()].toSorted((a, b) => compared(a.place, b.place))
  const layers = [...Map.groupBy(open, ({ layer }) => layer).values()]
  if (ordered.length !== layers.length) return none
  const placed = layers.flatMap((weights, index) => weights.map(({ name, part }) => ({ name, key: ordered[index]!.parts.get(part), called: `${ordered[index]!.stem}.${part}` })))
  return { found: placed.flatMap(({ name, key }) => (key === undefined ? [] : [[name, key] as const])), called: new Map(placed.filter(({ key }) => key === undefined).map(({ name, called }) => [name, called])) }
}

function compared(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? a.length - b.length : a[at]! - (b[at] ?? -1)
}
