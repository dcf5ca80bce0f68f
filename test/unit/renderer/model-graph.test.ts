import { describe, expect, it } from 'vitest'
import type { ModelGraph, Run } from '../../../preload/contract/index.ts'
import { drawingOf, sourcesOf } from '../../../renderer/features/model/graph/drawing.ts'
import { elkGraphOf, layoutOf, pathOf } from '../../../renderer/features/model/graph/elk-graph.ts'
import { familyOf } from '../../../renderer/features/model/graph/families.ts'
import { found, nextHit } from '../../../renderer/features/model/graph/find.ts'
import { defaultGrouping, groupsOf } from '../../../renderer/features/model/graph/groups.ts'
import { marksOf, toneOf, worstOf } from '../../../renderer/features/model/graph/overlay.ts'
import { svgOf } from '../../../renderer/features/model/graph/graph-svg.ts'
import { atBox, boxAt, groupsAroundNode, nodeAt } from '../../../renderer/features/model/graph/selection.ts'
import { dimsText, summaryOf, tensorLabel } from '../../../renderer/features/model/graph/summary.ts'
import { stepOf, stepped } from '../../../renderer/features/model/graph/walk.ts'
import { modelViewOf, openText, refOf, refText } from '../../../renderer/features/model/model-view.ts'
import { withModel } from '../../../renderer/features/model/with-model.ts'

type Sketch = readonly (readonly [name: string, op: string, inputs: readonly string[], output: string, more?: { attributes?: Record<string, string>; rounds?: string }])[]

/** A graph of one input `x` and one output, the last node's; names that begin with `w` are constants. */
function graphOf(sketch: Sketch, dims: Readonly<Record<string, readonly number[]>> = {}): ModelGraph {
  const names = [...new Set(['x', ...sketch.flatMap(([, , inputs, output]) => [...inputs, output])])]
  const tensors = names.map((name) => ({
    name, type: 'float32', dims: [...(dims[name] ?? [1, 4])], codes: null,
    initializer: name.startsWith('w') ? { bytes: 16, min: -1, max: 1, values: name === 'w1' ? [0.5] : null } : null,
  }))
  const nodes = sketch.map(([name, op, inputs, output, more = {}]) => ({
    name, op, domain: '', inputs: inputs.map((each) => names.indexOf(each)), outputs: [names.indexOf(output)],
    attributes: Object.entries(more.attributes ?? {}).map(([key, text]) => ({ name: key, kind: 'ints', text })),
    scope: name.split('/').filter(Boolean).slice(0, -1), rounds: more.rounds === undefined ? null : names.indexOf(more.rounds),
  }))
  return { sha256: '', nodes, tensors, inputs: [0], outputs: [names.indexOf(sketch.at(-1)![3])], notInferred: null }
}

/** head, then two blocks of three nodes with a skip around each. */
const blocks = graphOf([
  ['/head/Conv', 'Conv', ['x', 'w0'], 'h'],
  ['/body/0/Conv', 'Conv', ['h', 'w'], 'a0'], ['/body/0/Relu', 'Relu', ['a0'], 'b0'], ['/body/0/Add', 'Add', ['b0', 'h'], 'o0'],
  ['/body/1/Conv', 'Conv', ['o0', 'w'], 'a1'], ['/body/1/Relu', 'Relu', ['a1'], 'b1'], ['/body/1/Add', 'Add', ['b1', 'o0'], 'o1'],
], { w0: [8, 4] })

describe('groups', () => {
  it('follow the modules of names; one node is none, and neither is one that holds what its parent holds', () => {
    const groups = groupsOf(blocks, 'name')
    expect([...groups.values()].map(({ id, name, parent, nodes, alike }) => [id, name, parent, nodes, alike])).toEqual([
      ['body', 'body', null, [1, 2, 3, 4, 5, 6], 1], ['body/0', '0', 'body', [1, 2, 3], 2], ['body/1', '1', 'body', [4, 5, 6], 2],
    ])
    const single = graphOf([['/net/a/Relu', 'Relu', ['x'], 'p'], ['/net/a/Abs', 'Abs', ['p'], 'q'], ['/net/b/Neg', 'Neg', ['q'], 'r']])
    expect([...groupsOf(single, 'name').keys()]).toEqual(['net/a'])
  })

  it('follow what repeats where names say nothing: the pattern that covers most', () => {
    const chain = ['Conv', 'Relu', 'Add']
    const plain = graphOf(Array.from({ length: 14 }, (_, index) => [`n${index}`, index === 0 ? 'Pad' : index === 13 ? 'Clip' : chain[(index - 1) % 3]!, [index === 0 ? 'x' : `t${index - 1}`], `t${index}`]))
    const groups = [...groupsOf(plain, 'repeat').values()]
    expect(groups.map(({ name, nodes, alike }) => [name, nodes, alike])).toEqual([['#1', [1, 2, 3], 4], ['#2', [4, 5, 6], 4], ['#3', [7, 8, 9], 4], ['#4', [10, 11, 12], 4]])
    // Other constants make another block.
    expect([...groupsOf(blocks, 'repeat').values()].map(({ nodes }) => nodes)).toEqual([[1, 2, 3], [4, 5, 6]])
    expect(groupsOf(plain, 'none').size).toBe(0)
    expect(defaultGrouping(plain)).toBe('none')
  })
})

describe('a drawing', () => {
  const groups = groupsOf(blocks, 'name')
  const wires = (closed: readonly string[]) => drawingOf(blocks, { groups, closed: new Set(closed), folded: true }).wires.map(({ from, to }) => `${from}>${to}`)

  it('has a box a node, an end for each input and output, and no edges for constants', () => {
    const drawing = drawingOf(blocks, { groups: new Map(), closed: new Set(), folded: true })
    expect(drawing.boxes.map(({ id }) => id)).toEqual(['i0', 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'o0'])
    expect(drawing.wires.map(({ from, to }) => `${from}>${to}`)).toEqual(['i0>n0', 'n0>n1', 'n1>n2', 'n2>n3', 'n0>n3', 'n3>n4', 'n4>n5', 'n5>n6', 'n3>n6', 'n6>o0'])
    expect(drawing.frames).toEqual([])
  })

  it('draws a closed group as one box, edges inside it not at all, and two edges of one tensor once', () => {
    expect(wires(['body', 'body/0', 'body/1'])).toEqual(['i0>n0', 'n0>gbody', 'gbody>o0'])
    expect(wires(['body/0', 'body/1'])).toEqual(['i0>n0', 'n0>gbody/0', 'gbody/0>gbody/1', 'gbody/1>o0'])
    const half = drawingOf(blocks, { groups, closed: new Set(['body/0']), folded: true })
    expect(half.frames.map(({ id, frame }) => [id, frame])).toEqual([['fbody', null], ['fbody/1', 'body']])
    expect(half.boxes.find(({ id }) => id === 'gbody/0')).toMatchObject({ frame: 'body', title: '0', lines: ['Conv Relu Add'] })
    expect([half.boxOf(2), half.boxOf(5)]).toEqual(['gbody/0', 'n5'])
  })

  it('folds roundings into their tensors, or shows them', () => {
    const quantized = graphOf([
      ['c', 'Conv', ['x', 'wd'], 'y'], ['q', 'QuantizeLinear', ['y'], 'codes', { rounds: 'y' }], ['d', 'DequantizeLinear', ['codes'], 'back', { rounds: 'y' }], ['r', 'Relu', ['back'], 'z'],
    ])
    const folded = drawingOf(quantized, { groups: new Map(), closed: new Set(), folded: true })
    expect(folded.wires.map(({ from, to }) => `${from}>${to}`)).toEqual(['i0>n0', 'n0>n3', 'n3>o0'])
    expect(folded.boxOf(1)).toBeNull()
    expect(sourcesOf(quantized, true)(quantized.nodes[3]!.inputs[0]!)).toEqual({ tensor: quantized.nodes[0]!.outputs[0], node: 0 })
    const plain = drawingOf(quantized, { groups: new Map(), closed: new Set(), folded: false })
    expect(plain.wires.map(({ from, to }) => `${from}>${to}`)).toEqual(['i0>n0', 'n0>n1', 'n1>n2', 'n2>n3', 'n3>o0'])
  })

  it('goes to the layout with its frames as nested graphs, and comes back with every place', () => {
    const drawing = drawingOf(blocks, { groups, closed: new Set(['body/1']), folded: true })
    const asked = elkGraphOf(drawing, 'right')
    expect(asked.layoutOptions).toMatchObject({ 'elk.direction': 'RIGHT', 'elk.hierarchyHandling': 'INCLUDE_CHILDREN' })
    const body = asked.children!.find(({ id }) => id === 'fbody')!
    expect(body.children!.map(({ id }) => id)).toEqual(['gbody/1', 'fbody/0'])
    expect(body.children![1]!.children!.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3'])
    const place = (node: typeof asked): typeof asked => ({ ...node, x: 1, y: 2, width: 10, height: 5, ...(node.children ? { children: node.children.map(place) } : {}) })
    const edges = drawing.wires.map(({ id, from, to }) => ({ id, sources: [from], targets: [to], sections: [{ id: 's', startPoint: { x: 0, y: 0 }, bendPoints: [{ x: 0, y: 20 }], endPoint: { x: 30, y: 20 } }] }))
    const layout = layoutOf(drawing, { ...place(asked), edges })
    expect(layout.boxes[0]).toMatchObject({ id: 'i0', x: 1, y: 2 })
    expect(layout.wires.every(({ points }) => points.length === 3)).toBe(true)
    expect(() => layoutOf(drawing, { id: 'root', children: [] })).toThrow('no place')
  })
})

it('bends lines with round corners', () => {
  expect(pathOf([{ x: 0, y: 0 }, { x: 0, y: 20 }, { x: 30, y: 20 }])).toBe('M0 0L0 13Q0 20 7 20L30 20')
  expect(pathOf([])).toBe('')
})

it('tells a node apart in a line', () => {
  const graph = graphOf([
    ['c', 'Conv', ['x', 'w'], 'y', { attributes: { kernel_shape: '[3, 3]', strides: '[2, 2]', group: '2', dilations: '[1, 1]' } }],
    ['t', 'ConvTranspose', ['y', 'w'], 'z'], ['m', 'Mul', ['z', 'w1'], 'p'], ['d', 'DepthToSpace', ['p'], 'q', { attributes: { blocksize: '2', mode: 'CRD' } }], ['o', 'Odd', ['q'], 'r', { attributes: { turns: '3' } }],
  ], { w: [28, 14, 3, 3] })
  const texts = graph.nodes.map((node) => summaryOf(node, graph.tensors, (tensor) => tensor))
  expect(texts).toEqual(['3×3 14→28 /2 groups 2', '3×3 28→14', '0.5', '×2 CRD', 'turns 3'])
  expect([dimsText(['N', 3, null]), dimsText([]), dimsText(null)]).toEqual(['N×3×?', 'scalar', '?'])
  expect(tensorLabel({ name: 'a', type: 'float16', dims: [1], initializer: null, codes: { type: 'uint8', channels: 1, scale: [1, 1], zeroPoint: [0, 0] } }, true)).toBe('1 float16 u8')
  expect([familyOf('Conv'), familyOf('Relu'), familyOf('Nothing')]).toEqual(['conv', 'activation', 'other'])
})

it('finds nodes by operator, name and tensor, and goes around', () => {
  expect(found(blocks, 'conv')).toEqual([0, 1, 4])
  expect(found(blocks, ' BODY/1 relu ')).toEqual([5])
  expect(found(blocks, 'o0')).toEqual([3, 4, 6])
  expect(found(blocks, '  ')).toEqual([])
  expect([nextHit([0, 1, 4], null, 1), nextHit([0, 1, 4], 1, 1), nextHit([0, 1, 4], 4, 1), nextHit([0, 1, 4], 0, -1), nextHit([0, 1, 4], 3, -1), nextHit([], 1, 1)]).toEqual([0, 4, 0, 4, 1, null])
})

it('walks along the edges to what is nearest, and sideways in a row', () => {
  const box = (id: string, x: number, y: number) => ({ id, kind: 'node' as const, frame: null, title: '', lines: [], width: 10, height: 10, node: null, group: null, x, y })
  const wire = (from: string, to: string) => ({ id: `${from}${to}`, from, to, tensor: 0, points: [] })
  const layout = { boxes: [box('a', 0, 0), box('b', -20, 30), box('c', 40, 30), box('d', 0, 60)], wires: [wire('a', 'b'), wire('a', 'c'), wire('b', 'd'), wire('c', 'd')] }
  const go = (from: string | null, key: string, direction: 'down' | 'right' = 'down') => stepped(layout, direction, from, stepOf(key, direction)!)
  expect([go(null, 'ArrowDown'), go('a', 'ArrowDown'), go('b', 'ArrowRight'), go('c', 'ArrowLeft'), go('c', 'ArrowDown'), go('d', 'ArrowDown'), go('d', 'ArrowUp')]).toEqual(['a', 'b', 'c', 'b', 'd', null, 'b'])
  expect(go('a', 'ArrowRight', 'right')).toBe('b')
  expect(stepOf('x', 'down')).toBeNull()
})

it('paints the errors of a run: the worst of a group, roundings looked through, colours with bounds', () => {
  const layers = [['h', 40], ['a0', 30], ['b0', 20], ['o1', 120]].map(([tensor, sqnrDb]) => ({ tensor, node: '', op: '', mode: 'accumulated', sqnrDb, cosine: 0.9999, mse: 0, maxAbs: 0, clippedPercent: 0.5 }))
  const run = { layers, scales: [{ tensor: 'h', kind: 'activation', type: 'uint8', float: false }, { tensor: 'a0', kind: 'activation', type: 'float32', float: true }] } as unknown as Run
  const marks = marksOf(blocks, run, 'sqnr')
  expect([...marks].map(([node, { text, tone }]) => [node, text, tone])).toEqual([[0, '40.0 dB', 'good'], [1, '30.0 dB', 'warning'], [2, '20.0 dB', 'bad'], [6, '=', 'good']])
  expect(worstOf(marks, [0, 1, 2], 'sqnr')!.value).toBe(20)
  expect(worstOf(marks, [4], 'sqnr')).toBeUndefined()
  expect([...marksOf(blocks, run, 'bits').values()].map(({ text }) => text)).toEqual(['8 bit', 'float'])
  expect([toneOf('clipped', 0.1), toneOf('clipped', 1), toneOf('clipped', 1.1), toneOf('cosine', 0.999), toneOf('bits', 8)]).toEqual(['good', 'warning', 'bad', 'good', 'plain'])
})

it('keeps what is selected by name, whatever is closed', () => {
  const groups = groupsOf(blocks, 'name')
  const open = drawingOf(blocks, { groups, closed: new Set(), folded: true })
  const closed = drawingOf(blocks, { groups, closed: new Set(['body']), folded: true })
  expect(nodeAt(blocks, 'n:/body/0/Relu')).toBe(2)
  expect([boxAt(blocks, open, 'n:/body/0/Relu'), boxAt(blocks, closed, 'n:/body/0/Relu')]).toEqual(['n2', 'gbody'])
  expect([boxAt(blocks, closed, 'g:body'), boxAt(blocks, closed, 'i:x'), boxAt(blocks, closed, 'o:o1'), boxAt(blocks, closed, 'n:none'), boxAt(blocks, closed, 'o:none')]).toEqual(['gbody', 'i0', 'o0', null, null])
  expect(['n2', 'gbody', 'i0', 'o0'].map((box) => atBox(blocks, box))).toEqual(['n:/body/0/Relu', 'g:body', 'i:x', 'o:o1'])
  expect(groupsAroundNode(groups, 2)).toEqual(['body', 'body/0'])
})

it('stands in the address, and comes back from it', () => {
  const view = modelViewOf(new URLSearchParams({ m: 'path:/a b.onnx', at: 'n:c', dir: 'right', group: 'repeat', groups: openText(new Set(['a,b', 'c/d'])), view: 'list', qdq: 'plain', overlay: 'cosine' }))
  expect(view).toMatchObject({ model: { kind: 'path', path: '/a b.onnx' }, at: 'n:c', direction: 'right', grouping: 'repeat', list: true, folded: false, overlay: 'cosine' })
  expect(view.open).toEqual(new Set(['a,b', 'c/d']))
  expect(modelViewOf(new URLSearchParams('dir=up&groups=*&overlay=x&m=odd'))).toMatchObject({ model: null, direction: 'down', open: 'all', overlay: 'sqnr', grouping: null, folded: true })
  for (const ref of [{ kind: 'bundled' }, { kind: 'path', path: 'x:y' }, { kind: 'run', run: 'R', version: 'quantized' }, { kind: 'run', run: 'R', version: 'float' }] as const) expect(refOf(refText(ref))).toEqual(ref)
})

it('takes what belonged to another model out of the recipe', () => {
  const recipe = { model: 'a.onnx', board: 'generic', samples: { calibration: { path: 'x' } }, quantize: { activations: { method: 'mse' }, layers: { conv: {} }, float: { inputs: [] } }, output: { kind: 'picture' } }
  expect(withModel(recipe, 'b.onnx')).toEqual({ model: 'b.onnx', board: 'generic', quantize: { activations: { method: 'mse' } } })
})

it('saves a picture in which no name of a model ends an element', () => {
  const graph = graphOf([['<script>&"\u0000', 'Relu', ['x'], 'y']])
  const drawing = drawingOf(graph, { groups: new Map(), closed: new Set(), folded: true })
  const boxes = drawing.boxes.map((box, index) => ({ ...box, x: 0, y: index * 100 }))
  const svg = svgOf({ graph, layout: { width: 200, height: 300, boxes, frames: [], wires: drawing.wires.map((wire) => ({ ...wire, points: [{ x: 0, y: 0 }, { x: 0, y: 9 }] })) }, direction: 'down', folded: true, marks: new Map(), overlay: 'sqnr', name: 'n' }, (token) => `#${token}`)
  expect(svg).toContain('&lt;script&gt;&amp;&quot;�')
  expect(svg).not.toContain('<script')
  expect(svg).toMatch(/^<svg [^>]*viewBox="-24 -24 248 348"/)
})
