import { judgeModel } from '../boards/judge.ts'
import type { Finding } from '../core/run.ts'
import type { Node } from '../onnx/graph.ts'
import { COMPUTE, isAffine } from '../onnx/operators.ts'
import { absorbedTensors } from '../quantize/absorb.ts'
import { candidatesOf } from './candidates.ts'
import { bytesText, finding, percentText, someOf } from './finding.ts'
import { rewriteFix } from './fix.ts'
import { imageSkips, imageTensors } from './image-skip.ts'
import { tailShifts } from './mean-shift.ts'
import { ancestorsOf, sourceText, type Site } from './site.ts'
import { computesProducts, SLOW_SHARE, slowByTable, tableTimes, timeText } from './table-times.ts'

/** D01–D04: what a board computes slowly, elsewhere, or not at all. */
export const deployFindings = (site: Site): Finding[] =>
  [...operatorsOfBoard(site), ...slowOperators(site), ...channelLots(site), ...elementWise(site), ...longSkips(site), ...openSizes(site)]

/** What the board's profile says of each kind of node in 8 bits; nodes that the run computes in float, where the board has one for them, are no concern of it. */
function operatorsOfBoard({ profile, graph, table, links }: Site): Finding[] {
  if (!profile) return []
  const coded = table && new Set([...table.filter((row) => !row.float).map(({ tensor }) => tensor), ...absorbedTensors(graph, links, () => true).keys()])
  const inFloat = new Set(coded ? graph.nodes.filter(({ outputs }) => outputs.every((output) => !coded.has(output))).map(({ name }) => name) : [])
  const rows = judgeModel(graph, profile).map((row) => ({ ...row, verdict: row.verdicts.find(({ precision }) => precision === 'int8')! }))
  const onCodes = rows.map((row) => {
    const hasFloat = row.verdicts.some(({ precision, state }) => (precision === 'float32' || precision === 'float16') && (state === 'native' || state === 'fallback'))
    return { ...row, hasFloat, nodes: hasFloat ? row.nodes.filter((name) => !inFloat.has(name)) : row.nodes }
  })
  const judged = onCodes.filter(({ nodes, verdict: { state } }) => nodes.length > 0 && (state === 'missing' || state === 'fallback')).map(({ op, nodes, hasFloat, verdict: { state, why, source } }) => finding('D01', state === 'missing' ? 'error' : 'warning', {
    node: nodes[0]!,
    what: `${profile.title} ${state === 'missing' ? 'does not take' : 'computes elsewhere or wider'} ${op} in int8: ${nodes.length} × (${someOf(nodes)})`,
    why: `${why}${sourceText(profile, source)}`,
    fix: state === 'missing' ? (hasFloat ? 'Keep it in float (quantize.float.ops), as the board has it, or put another operator in its place.' : 'Put another operator in its place before the export, or keep it on the host.') : 'Measure it on the board; put a native operator in its place where it is slow.',
  }))
  const open = rows.filter(({ verdict: { state } }) => state === 'unknown')
  if (open.length === 0) return judged
  return [...judged, finding('D01', 'note', {
    node: open[0]!.nodes[0]!,
    what: `no document says what ${profile.title} does with ${someOf([...new Set(open.map(({ op }) => op))], 6)}`,
    why: `${open.reduce((sum, { count }) => sum + count, 0)} of ${rows.reduce((sum, { count }) => sum + count, 0)} nodes; ${open[0]!.verdict.why}`,
    fix: 'Compile the model with the board\'s own tools, and write what they say into a profile of your own.',
  })]
}

function slowOperators(site: Site): Finding[] {
  const { operators = [] } = site
  if (site.times) return slowByTable(site)
  return (['fused', 'float'] as const).flatMap((version) => {
    const times = operators.filter((each) => each.version === version)
    if (version === 'float' && operators.some((each) => each.version === 'fused')) return []
    const total = times.reduce((sum, { us }) => sum + us, 0)
    const byOp = Map.groupBy(times, ({ op }) => op)
    return [...byOp].flatMap(([op, list]) => {
      const us = list.reduce((sum, each) => sum + each.us, 0)
      if (total === 0 || us / total < SLOW_SHARE || computesProducts(op)) return []
      return [finding('D01', 'note', {
        node: list.toSorted((a, b) => b.us - a.us)[0]!.node,
        what: `${op} takes ${percentText(us / total)} of the time and computes no products`,
        why: `${us.toFixed(0)} µs of ${total.toFixed(0)} µs in ${list.length} node${list.length === 1 ? '' : 's'}, measured (${version})`,
        fix: 'Fold it into a convolution, fuse it, or do it where the map is small.',
      })]
    })
  })
}

function channelLots(site: Site): Finding[] {
  const { profile, graph } = site
  const multiple = profile?.limits.channelMultiple.is
  if (!profile || typeof multiple !== 'number' || multiple < 2) return []
  const convs = graph.nodes.filter(({ op, domain }) => op === 'Conv' && domain === '').flatMap((node) => {
    const [rows, columns] = graph.initializers.get(node.inputs[1] ?? '')?.dims ?? []
    return rows === undefined || columns === undefined ? [] : [{ node, rows, columns }]
  })
  const odd = convs.filter(({ rows, columns }) => rows % multiple !== 0 || (columns > 4 && columns % multiple !== 0))
  if (odd.length === 0) return []
  const filled = (count: number): number => Math.ceil(count / multiple) * multiple
  const [used, computed] = odd.reduce(([a, b], { rows, columns }) => [a + rows * columns, b + filled(rows) * filled(columns)], [0, 0] as [number, number])
  const counts = [...new Set(odd.flatMap(({ rows, columns }) => [rows, columns]).filter((count) => count % multiple !== 0))].toSorted((a, b) => a - b)
  return [finding('D02', 'note', {
    node: odd[0]!.node.name,
    what: `${odd.length} of ${convs.length} convolutions have channels that are no multiple of ${multiple}: ${counts.join(', ')} (${someOf(odd.map(({ node }) => node.name))})`,
    why: `${profile.title} computes channels in lots of ${multiple}: ${percentText(1 - used / computed)} of their products are with channels that are filled up`,
    fix: `Train with multiples of ${multiple}: the filled-up channels cost the same and would compute.`,
  })]
}

const ELEMENT_WISE = new Set(['Add', 'Sub', 'Mul', 'Div', 'BatchNormalization', 'PRelu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'Pow', 'Sqrt', 'HardSigmoid', 'Gelu', 'Erf'])
/** A map of so many times the picture's pixels is large. */
const LARGE_MAP = 4

/** Arithmetic that reads and writes a map for next to no computing: what could be folded, and what works on enlarged maps. */
function elementWise(site: Site): Finding[] {
  const { graph, links } = site
  const norms = graph.nodes.filter(({ op, domain, inputs }) => domain === '' && op === 'BatchNormalization' && COMPUTE.has(links.producer.get(inputs[0]!)?.op ?? ''))
  const images = imageTensors(site)
  const folding = candidatesOf(site, 'fold-affine').found
  // Shifts of the picture itself are P03's.
  const shifts = [...tailShifts(site), ...graph.nodes.filter(({ outputs }) => images.has(outputs[0]!))]
  const folds = (node: Node): boolean => isAffine(graph, node) && !shifts.includes(node) && folding.some(({ nodes }) => nodes.includes(node.name))
  const affine = graph.nodes.filter(folds)
  const timeOf = tableTimes(site)
  const timed = (node: Node): string => {
    const time = timeOf(node)
    return time === null ? '' : `; ${timeText(time)}`
  }
  const large = graph.nodes.filter((node) => ELEMENT_WISE.has(node.op) && node.domain === '' && !norms.includes(node) && !affine.includes(node) && !shifts.includes(node) && isLarge(site, node))
  return [
    ...(norms.length === 0 ? [] : [foldable(site, norms, 'BatchNormalization', 'fold-batchnorm')]),
    ...(affine.length === 0 ? [] : [foldable(site, affine, 'constant arithmetic', 'fold-affine')]),
    ...large.map((node) => finding('D03', 'note', {
      node: node.name, tensor: node.outputs[0]!, what: `${node.op} ${node.name} works on a map of ${site.dims(node.outputs[0]!)!.join('×')}`,
      why: `${bytesText(movedBytes(site, node)!)} are read and written at 8 bits (${site.shapes!.at}) for one operation a value${timed(node)}`,
      fix: 'Do it before the map is enlarged, or in the convolution that makes it.',
    })),
  ]
}

function foldable(site: Site, nodes: readonly Node[], words: string, rewrite: string): Finding {
  const bytes = nodes.map((node) => movedBytes(site, node))
  const known = bytes.every((each) => each !== null)
  const traffic = known && site.shapes ? `together they read and write ${bytesText(bytes.reduce((sum: number, each) => sum + each!, 0))} at 8 bits (${site.shapes.at})` : 'each reads and writes a whole map'
  return finding('D03', 'warning', {
    node: nodes[0]!.name, tensor: nodes[0]!.outputs[0]!,
    what: `${nodes.length} × ${words} that is not folded: ${someOf(nodes.map(({ name }) => name), 6)}`,
    why: `${traffic}, and each rounds once more than the convolution before it`,
    fix: rewriteFix(rewrite, 'Fold into the weights of the convolutions.'),
  })
}

function isLarge(site: Site, node: Node): boolean {
  const [picture, own] = [site.context.picture?.input ?? '', node.outputs[0]!].map((name) => site.dims(name))
  const pixels = (dims: readonly number[]): number => (dims.length === 4 ? (dims[1]! <= 4 || dims[3]! > 4 ? dims[2]! * dims[3]! : dims[1]! * dims[2]!) : 0)
  return Boolean(picture && own && site.shapes && movedBytes(site, node) !== null) && pixels(own!) >= LARGE_MAP * pixels(picture!) && pixels(picture!) > 0
}

function movedBytes(site: Site, node: Node): number | null {
  const maps = [...node.inputs.filter((name) => name !== '' && !site.graph.initializers.has(name)), node.outputs[0]!].map((name) => site.elements(name))
  return maps.every((each) => each !== null) ? maps.reduce((sum: number, each) => sum + each!, 0) : null
}

/** So many computing nodes between making a map and reading it again: it is in the way all the while. */
const LONG = 4

function longSkips(site: Site): Finding[] {
  const { graph, links } = site
  const named = new Set(imageSkips(site).map(({ add }) => add))
  const place = new Map(graph.nodes.map((node, index) => [node, index]))
  return graph.nodes.filter((node) => ['Add', 'Concat', 'Mul'].includes(node.op) && node.domain === '' && !named.has(node)).flatMap((node) => {
    const data = [...new Set(node.inputs)].filter((name) => name !== '' && !graph.initializers.has(name))
    if (data.length < 2) return []
    return data.flatMap((tensor) => {
      const made = links.producer.get(tensor)
      const behind = data.filter((name) => name !== tensor).flatMap((name) => [...ancestorsOf(links, name)])
      // Held while others compute on what was made of it.
      if (made && !behind.includes(made)) return []
      const depth = new Set(behind.filter((each) => COMPUTE.has(each.op) && (made === undefined || place.get(each)! > place.get(made)!))).size
      if (depth < LONG) return []
      const elements = site.elements(tensor)
      const bytes = elements === null || !site.shapes ? 'a whole map' : `${bytesText(elements)} at 8 bits (${site.shapes.at})`
      return [finding('D03', 'note', {
        node: node.name, tensor, what: `${tensor} is kept in memory through ${depth} computing nodes, up to ${node.op} ${node.name}`,
        why: `${bytes} stay beside what is computed meanwhile, and both are brought to one scale at the end`,
        fix: 'Look at the board\'s memory: where it does not fit, train with shorter skips or fewer channels there.',
      })]
    })
  })
}

function openSizes({ profile, graph }: Site): Finding[] {
  const open = graph.inputs.filter(({ dims }) => dims === null || dims.some((dim) => typeof dim !== 'number'))
  const takes = profile?.limits.dynamicShapes
  if (!profile || open.length === 0 || takes?.is === true) return []
  const text = open.map(({ name, dims }) => `${name} [${dims?.map((dim) => dim ?? '?').join(', ') ?? '?'}]`)
  return [finding('D04', takes?.is === false ? 'error' : 'note', {
    tensor: open[0]!.name, what: `sizes are open: ${text.join(', ')}`,
    why: takes?.is === false ? `${profile.title} takes fixed sizes only${sourceText(profile, takes.source)}` : `no document says whether ${profile.title} takes open sizes`,
    fix: 'Export the model for the size that the board will see.',
  })]
}
