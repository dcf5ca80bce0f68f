import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { layerKey, setFix } from '../../../main/audit/fix.ts'
import { parseAssignment } from '../../../main/recipe/changes.ts'
import type { GraphNode, RewriteGraph, RewriteMatch, RewritePreview } from '../../../preload/contract/index.ts'
import type { Run } from '../../../renderer/client.ts'
import { drawingOf } from '../../../renderer/features/model/graph/drawing.ts'
import type { Layout } from '../../../renderer/features/model/graph/elk-graph.ts'
import { aligned } from '../../../renderer/features/rewrite/aligned.ts'
import { rewriteCommand } from '../../../renderer/features/rewrite/command.ts'
import { drawable, unifiedText } from '../../../renderer/features/rewrite/diff-text.ts'
import { graphDiff } from '../../../renderer/features/rewrite/graph-diff.ts'
import { costOf, matchesOf } from '../../../renderer/features/rewrite/matches.ts'
import { autoPlan, isTicked, optionsFrom, placeOption, planFrom, planOfRecipe, planText, recipeLines, recipeOf, tickedOf, wishesOf, withMatch, withOption, withPlaceOption, withRewrite, type FoundRewrite } from '../../../renderer/features/rewrite/plan.ts'
import { planFileOf, provedBy } from '../../../renderer/features/rewrite/proved.ts'
import { quietOf } from '../../../renderer/features/rewrite/quiet.ts'
import { lineOfFix, partsOfFix, rewriteAddress, rewriteOfFix } from '../../../renderer/ui/fix-of.ts'

type Line = readonly [name: string, op: string, inputs: readonly string[], output: string, attributes?: Readonly<Record<string, string>>]

/** A graph of nodes, its tensors as they are spoken of; names that begin with `w` are constants. */
function graphOf(lines: readonly Line[], weights: Readonly<Record<string, number>> = {}): RewriteGraph {
  const names = [...new Set(lines.flatMap(([, , inputs, output]) => [...inputs, output]))]
  const at = (name: string): number => names.indexOf(name)
  const made = new Set(lines.map(([, , , output]) => output))
  return {
    nodes: lines.map(([name, op, inputs, output, attributes = {}]): GraphNode => ({
      name, op, domain: '', inputs: inputs.map(at), outputs: [at(output)], attributes: Object.entries(attributes).map(([key, text]) => ({ name: key, kind: 'string', text })), scope: [], rounds: null,
    })),
    tensors: names.map((name) => ({
      name, type: 'float32', dims: [1], codes: null, initializer: name.startsWith('w') ? { bytes: 4, min: weights[name] ?? 1, max: 1, values: null } : null,
    })),
    inputs: names.flatMap((name) => (made.has(name) || name.startsWith('w') ? [] : [at(name)])), outputs: [at(lines.at(-1)![3])],
  }
}

const chain = (names: readonly string[]): RewriteGraph => graphOf(names.map((name, index): Line => [name, 'Relu', [index === 0 ? 'x' : names[index - 1]!], name]))
const kinds = (before: RewriteGraph, after: RewriteGraph): string[] => graphDiff(before, after).rows.map(({ kind, before: old, after: now }) => `${kind} ${old ?? ''}>${now ?? ''}`)

describe('what became of a graph', () => {
  const before = graphOf([['conv', 'Conv', ['x', 'w'], 'a'], ['norm', 'BatchNormalization', ['a'], 'b'], ['act', 'Relu', ['b'], 'c'], ['up', 'Resize', ['c'], 'y', { mode: 'nearest' }]])
  const after = graphOf([['conv', 'Conv', ['x', 'w_folded'], 'b'], ['act', 'Relu', ['b'], 'c'], ['up.conv', 'Conv', ['c', 'w_copies'], 'd'], ['up.shuffle', 'DepthToSpace', ['d'], 'y', { blocksize: '2' }]])

  it('tells what goes, what comes, what changed and in what', () => {
    expect(kinds(before, after)).toEqual(['changed 0>0', 'removed 1>', 'same 2>1', 'removed 3>', 'added >2', 'added >3'])
    const { rows, changes } = graphDiff(before, after)
    expect(changes.map((change) => change.rows.length)).toEqual([2, 3])
    expect(rows[0]!.differences).toEqual([
      { what: 'input', name: '1', before: 'w', after: 'w_folded' }, { what: 'output', name: '0', before: 'a', after: 'b' },
    ])
    expect(rows.map(({ change }) => change)).toEqual([0, 0, null, 1, 1, 1])
  })

  it('sees other weights and attributes under the same names', () => {
    const plain = graphOf([['up', 'Resize', ['x', 'w'], 'y', { mode: 'nearest' }]])
    const other = graphOf([['up', 'Resize', ['x', 'w'], 'y', { mode: 'linear' }]], { w: 2 })
    expect(graphDiff(plain, other).rows[0]!.differences.map(({ what, name, before: old, after: now }) => (what === 'weights' ? [what, name] : [what, name, old, now]))).toEqual([['attribute', 'mode', 'nearest', 'linear'], ['weights', 'w']])
    expect(graphDiff(plain, plain).changes).toEqual([])
  })

  it('keeps nodes that stand elsewhere now as one', () => {
    const [old, now] = [graphOf([['a', 'Relu', ['x'], 'a'], ['b', 'Relu', ['z'], 'b'], ['c', 'Relu', ['b'], 'c']]), graphOf([['b', 'Relu', ['z'], 'b'], ['c', 'Relu', ['b'], 'c'], ['a', 'Relu', ['x'], 'a']])]
    const { rows } = graphDiff(old, now)
    expect(rows.toSorted((a, b) => a.before! - b.before!).map(({ kind, before: at, after: place }) => [kind, at, place])).toEqual([['same', 0, 2], ['same', 1, 0], ['same', 2, 1]])
  })

  it('accounts for every node once, whatever was done', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    for (let mask = 0; mask < 64; mask++) {
      const kept = names.filter((_name, index) => (mask >> index) & 1)
      const next = [...kept.toReversed(), 'new']
      const { rows, before: byOld, after: byNow } = graphDiff(chain(names), chain(next))
      expect([byOld.size, byNow.size, rows.length]).toEqual([6, next.length, 6 - kept.length + next.length])
    }
  })

  it('is written as a unified diff', () => {
    const [old, now] = [chain(['a', 'b', 'c', 'd', 'e', 'f']), chain(['a', 'b', 'c', 'd', 'f'])]
    expect(unifiedText(graphDiff(old, now), old, now)).toBe([
      '--- before', '+++ after', '@@ -3,4 +3,3 @@', ' Relu c  b → c', ' Relu d  c → d', '-Relu e  d → e', '-Relu f  e → f', '+Relu f  d → f',
    ].join('\n'))
    expect(unifiedText(graphDiff(old, old), old, old)).toBe('')
    const heavier = { ...old, tensors: old.tensors.map((tensor) => ({ ...tensor, initializer: tensor.name === 'x' ? { bytes: 4, min: 2, max: 2, values: null } : null })) }
    expect(unifiedText(graphDiff(old, heavier), old, heavier)).toContain('+Relu a  x → a  (other weights)')
  })

  it('folds long stretches that stay as they are, and opens the one asked for', () => {
    const names = Array.from({ length: 90 }, (_, index) => `n${index}`)
    const diff = graphDiff(chain(names), chain(names.filter((name) => name !== 'n40')))
    const quiet = quietOf(diff, new Set(), (count) => `${count} unchanged`)
    expect([...quiet.before.values()].map(({ id, name }) => [id, name])).toEqual([['quiet/0', '38 unchanged'], ['quiet/44', '46 unchanged']])
    expect(quiet.after.get('quiet/44')!.nodes[0]).toBe(43)
    expect([...quietOf(diff, new Set(['quiet/0']), String).before.keys()]).toEqual(['quiet/44'])
    const drawing = drawingOf(drawable(chain(names)), { groups: quiet.before, closed: new Set(quiet.before.keys()), folded: false })
    expect(drawing.boxes.length).toBe(2 + 2 + 6)
    expect(quietOf(graphDiff(before, after), new Set(), String).before.size).toBe(0)
  })

  it('puts what both graphs share at one height', () => {
    const layoutOf = (places: readonly (readonly [id: string, y: number])[]): Layout => ({
      width: 100, height: 500, frames: [], wires: places.slice(1).map(([id, y], index) => ({ id, from: places[index]![0], to: id, tensor: 0, points: [{ x: 50, y: places[index]![1] + 40 }, { x: 50, y }] })),
      boxes: places.map(([id, y]) => ({ id, kind: 'node', frame: null, title: id, lines: [], width: 100, height: 40, node: 0, group: null, x: 0, y })),
    })
    const [old, now] = aligned(layoutOf([['i0', 0], ['n0', 100], ['n1', 200], ['n2', 300]]), layoutOf([['i0', 0], ['n9', 100], ['n8', 200], ['n7', 300], ['n2', 400]]), [['i0', 'i0'], ['n2', 'n2']])
    const heights = (layout: Layout): Record<string, number> => Object.fromEntries(layout.boxes.map(({ id, y }) => [id, y]))
    expect(heights(old)).toEqual({ i0: 0, n0: 100, n1: 200, n2: 400 })
    expect(heights(now)).toEqual({ i0: 0, n9: 100, n8: 200, n7: 300, n2: 400 })
    expect(old.wires.at(-1)!.points).toEqual([{ x: 50, y: 240 }, { x: 50, y: 400 }])
    expect(old.height).toBe(500)
  })
})

const match = (rewrite: string, node: string, cost: RewriteMatch['cost'] = { macs: 0, bytesMoved: null, channelPeak: null }): RewriteMatch => ({ rewrite, nodes: [node], what: `at ${node}`, why: '', cost })
const REWRITES: readonly FoundRewrite[] = [
  { name: 'fold', kind: 'rewrite', auto: true, found: [match('fold', 'a'), match('fold', 'b')], refused: [] },
  { name: 'later', kind: 'rewrite', auto: true, found: [], refused: [] },
  { name: 'anchor', kind: 'rewrite', auto: false, found: [match('anchor', 'sum')], refused: [] },
  { name: 'clip', kind: 'repair', auto: false, found: [match('clip', 'y')], refused: [] },
]

describe('a plan', () => {
  it('begins as auto, without repairs', () => {
    const plan = autoPlan(REWRITES)
    expect(wishesOf(plan, REWRITES)).toEqual([{ rewrite: 'fold', options: {} }, { rewrite: 'later', options: {} }])
    expect(recipeOf(plan, REWRITES)).toBe('auto')
    expect(tickedOf(plan, 'clip')).toBe('none')
  })

  it('takes single matches off and on', () => {
    const without = withMatch(autoPlan(REWRITES), 'fold', 'a', false, ['a', 'b'])
    expect([isTicked(without, 'fold', 'a'), isTicked(without, 'fold', 'b')]).toEqual([false, true])
    expect(wishesOf(without, REWRITES)[0]).toEqual({ rewrite: 'fold', options: {}, nodes: ['b'] })
    expect(recipeOf(without, REWRITES)).toEqual({ fold: { nodes: ['b'] }, later: {} })
    expect(withMatch(without, 'fold', 'b', false, ['a', 'b'])).toEqual({ later: {} })
    expect(recipeOf(withMatch(without, 'fold', 'a', true, ['a', 'b']), REWRITES)).toBe('auto')
  })

  it('is done in the order of the rewrites, whenever they were ticked', () => {
    const plan = withRewrite(withRewrite(withRewrite({}, 'clip', true), 'anchor', true), 'fold', true)
    expect(wishesOf(plan, REWRITES).map(({ rewrite }) => rewrite)).toEqual(['fold', 'anchor', 'clip'])
    expect(recipeOf(plan, REWRITES)).toEqual(['fold', 'anchor', 'clip'])
    expect(recipeOf({}, REWRITES)).toBeUndefined()
  })

  it('holds options beside chosen places', () => {
    const plan = withOption(withMatch(autoPlan(REWRITES), 'fold', 'a', false, ['a', 'b']), 'fold', 'leftovers', 'keep')
    expect(wishesOf(plan, REWRITES)[0]).toEqual({ rewrite: 'fold', options: { leftovers: 'keep' }, nodes: ['b'] })
    expect(withOption(plan, 'fold', 'leftovers', undefined)['fold']).toEqual({ nodes: ['b'] })
    expect(withRewrite(plan, 'fold', true)['fold']).toEqual({ leftovers: 'keep' })
  })

  it('comes back from the address and from a recipe', () => {
    const plan = { anchor: { to: 'conv', nodes: ['sum'] } }
    expect(planFrom(planText(plan))).toEqual(plan)
    for (const text of [null, '', '{', '[]', '{"a":1}']) expect(planFrom(text)).toBeNull()
    expect(planOfRecipe('auto', REWRITES)).toEqual({ fold: {}, later: {} })
    expect(planOfRecipe(['anchor'], REWRITES)).toEqual({ anchor: {} })
    expect(planOfRecipe({ anchor: null, fold: { nodes: ['a'] } }, REWRITES)).toEqual({ anchor: {}, fold: { nodes: ['a'] } })
    expect(planOfRecipe(undefined, REWRITES)).toBeNull()
  })

  it('is a command', () => {
    expect(rewriteCommand('a b.onnx', { anchor: {}, fold: {} }, REWRITES, 'space')).toBe("npx scalewright rewrite 'a b.onnx' --only fold,anchor --workspace space")
    expect(rewriteCommand('m.onnx', { fold: { nodes: ['a.b'], form: 'conv3x3', places: { 'a.b': { form: 'cascade' } } } }, REWRITES, 'space'))
      .toBe(`npx scalewright rewrite m.onnx --set 'rewrite={ fold: { nodes: ["a.b"], form: conv3x3, places: { "a.b": { form: cascade } } } }' --workspace space`)
  })

  it('gives single places options of their own, and says so in the recipe', () => {
    const at = { name: 'fold', node: 'b.c', option: 'form' }
    const own = withPlaceOption({ fold: { form: 'grouped' } }, at, 'cascade')
    expect(own).toEqual({ fold: { form: 'grouped', places: { 'b.c': { form: 'cascade' } } } })
    expect([placeOption(own, 'fold', 'b.c', 'form'), placeOption(own, 'fold', 'a', 'form')]).toEqual(['cascade', undefined])
    expect(withPlaceOption(own, at, undefined)).toEqual({ fold: { form: 'grouped' } })
    const lines = recipeLines(recipeOf(own, REWRITES))
    expect(lines).toBe('rewrite:\n  fold: { form: grouped, places: { "b.c": { form: cascade } } }')
    expect(parse(lines)).toEqual({ rewrite: own })
    expect(parse(recipeLines({ fold: {}, anchor: { to: 21, nodes: ['true', '1', 'x: y'] } }))).toEqual({ rewrite: { fold: {}, anchor: { to: 21, nodes: ['true', '1', 'x: y'] } } })
    expect([recipeLines('auto'), recipeLines(['fold', 'anchor']), recipeLines(undefined)]).toEqual(['rewrite: auto', 'rewrite: [fold, anchor]', ''])
  })
})

it('places say what the preview did, and which were opened by a rewrite before', () => {
  const places = matchesOf(REWRITES[0]!, [{ ...match('fold', 'b'), what: 'with options' }, match('fold', 'c')])
  expect(places.map(({ node, isOpened, match: { what } }) => [node, isOpened, what])).toEqual([['a', false, 'at a'], ['b', false, 'with options'], ['c', true, 'at c']])
  expect(costOf([match('fold', 'a', { macs: 4, bytesMoved: -8, channelPeak: 3 }), match('fold', 'b', { macs: 1, bytesMoved: null, channelPeak: 64 })])).toEqual({ macs: 5, bytesMoved: null, channelPeak: 64 })
})

describe('proofs', () => {
  const graph = chain(['a'])
  const preview: RewritePreview = {
    steps: [
      { rewrite: 'fold', kind: 'rewrite', options: {}, matches: [match('fold', 'a')] }, { rewrite: 'anchor', kind: 'rewrite', options: { to: 'conv' }, matches: [match('anchor', 'sum')] },
      { rewrite: 'clip', kind: 'repair', options: {}, matches: [match('clip', 'y')] },
    ],
    refused: [], renamed: [], before: graph, after: graph,
  }
  const plan = planFileOf(preview, 'hash')
  const proof = (rewrite: string, node: string) => ({ rewrite, nodes: [node], verdict: 'exact' as const, maxAbs: 0, inputs: 14, borders: true })
  const run = { run: 'r', proofs: [proof('prepare', 'x'), proof('fold', 'a'), proof('anchor', 'sum')] } as unknown as Run

  it('hold for the same steps of the same model, with the same options', () => {
    expect(provedBy(preview, 'hash', [{ run, plan, measures: [] }])).toEqual({ run: 'r', isWhole: true, proofs: [run.proofs![1], run.proofs![2], null], measures: [undefined, undefined, undefined] })
    const measure = { rewrite: 'clip', protocol: 'psnr-y/shave2/studio', before: 30, after: 31, samples: 5, changedPercent: 2 }
    expect(provedBy(preview, 'hash', [{ run, plan, measures: [measure] }])!.measures).toEqual([undefined, undefined, measure])
    expect(provedBy(preview, 'another', [{ run, plan, measures: [] }])).toBeNull()
    expect(provedBy(preview, 'hash', [])).toBeNull()
  })

  it('end at the first step that is another one', () => {
    const other = { ...plan, steps: plan.steps.map((step, index) => (index === 1 ? { ...step, options: { to: 'merged' } } : step)) }
    expect(provedBy(preview, 'hash', [{ run, plan: other, measures: [] }])).toEqual({ run: 'r', isWhole: false, proofs: [run.proofs![1], undefined, undefined], measures: [undefined, undefined, undefined] })
    const longer = { ...plan, steps: [...plan.steps, { rewrite: 'opset', options: {}, nodes: ['a'] }] }
    expect(provedBy(preview, 'hash', [{ run, plan: longer, measures: [] }])!.isWhole).toBe(false)
    expect(provedBy(preview, 'hash', [{ run: { ...run, run: 'old' }, plan: longer, measures: [] }, { run, plan, measures: [] }])!.run).toBe('r')
  })
})

it('a finding leads to the rewrite that its fix names', () => {
  expect(rewriteOfFix('Rewrite `anchor, to: merged`: One accumulator.')).toEqual({ name: 'anchor', isRepair: false, options: { to: 'merged' } })
  expect(rewriteOfFix('Repair `insert-clip`: Clip to 0..255.')).toEqual({ name: 'insert-clip', isRepair: true, options: {} })
  expect(rewriteAddress(rewriteOfFix('Rewrite `fold-affine`: Fold it.')!)).toBe('/rewrite?only=fold-affine')
  const address = new URLSearchParams(rewriteAddress({ name: 'anchor', options: { to: 'merged' } }).split('?')[1])
  expect([address.get('only'), optionsFrom(address.get('options'))]).toEqual(['anchor', { to: 'merged' }])
  expect([optionsFrom(null), optionsFrom('[1'), optionsFrom('7')]).toEqual([{}, {}, {}])
  for (const fix of ['Set `a=b`: do.', 'Export again.', '']) expect(rewriteOfFix(fix)).toBeNull()
})

it('a finding sets the line of the recipe that its fix names, as the terminal does', () => {
  const fix = setFix(`${layerKey('body.a/"b"', 'bits')}=16`, 'Sixteen bits.')
  const { path, value } = lineOfFix(fix)!
  expect({ path, value }).toEqual({ path: ['quantize', 'layers', 'body.a/"b"', 'bits'], value: 16 })
  const given = parseAssignment(lineOfFix(fix)!.text)
  expect([given.path, given.value]).toEqual([path, value])
  expect(lineOfFix(setFix(`${layerKey('y', 'range')}=[0, 255]`, 'The range.'))).toMatchObject({ path: ['quantize', 'layers', 'y', 'range'], value: [0, 255] })
  expect(lineOfFix(setFix('quantize.layers.y.method=max', 'All.'))!.value).toBe('max')
  expect(partsOfFix(fix)).toEqual({ name: 'quantize.layers."body.a/\\"b\\"".bits=16', sentence: 'Sixteen bits.' })
  expect(partsOfFix('Export again.')).toEqual({ name: '', sentence: 'Export again.' })
  for (const other of ['Rewrite `anchor`: do.', 'Set `no assignment`: do.', '']) expect(lineOfFix(other)).toBeNull()
})
