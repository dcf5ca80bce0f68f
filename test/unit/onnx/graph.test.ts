import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { attributesOf, floatAttribute, intAttribute, intsAttribute, stringAttribute } from '../../../main/onnx/attribute.ts'
import { decodeModel, graphOf } from '../../../main/onnx/decode.ts'
import { nameMaker, withInputs, withNodes } from '../../../main/onnx/edit.ts'
import { encodeModel, encodeProto } from '../../../main/onnx/encode.ts'
import type { Graph, Node } from '../../../main/onnx/graph.ts'
import { ModelProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import { topologicalOrder, topology } from '../../../main/onnx/topology.ts'
import { graph, model, node, noise } from '../../fixtures/build-model.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const names = (nodes: readonly Node[]): string[] => nodes.map((entry) => entry.name)

/** A model whose If node uses the outer tensor `r` inside its branch only. */
function withSubgraph(): Graph {
  const branch = { name: 'branch', node: [{ opType: 'Neg', input: ['r'], output: ['n'] }], output: [{ name: 'n' }] }
  const proto = create(ModelProtoSchema, {
    irVersion: 8n, opsetImport: [{ version: 17n }],
    graph: {
      name: 'g', input: [{ name: 'x' }, { name: 'c' }], output: [{ name: 'y' }],
      node: [
        { name: 'choose', opType: 'If', input: ['c'], output: ['y'], attribute: [{ name: 'then_branch', type: 5, g: branch }, { name: 'else_branch', type: 5, g: branch }] },
        { name: 'relu', opType: 'Relu', input: ['x'], output: ['r'] },
      ],
    },
  })
  return graphOf(decodeModel(encodeProto(proto), 'm'), 'm')
}

describe('topology', () => {
  it('keeps a sorted order and sorts any other', () => {
    const chain = Array.from({ length: 30 }, (_, index) => node('Relu', [index === 0 ? 'x' : `t${index - 1}`], [`t${index}`]))
    expect(topologicalOrder(chain)).toEqual(chain)
    expect(names(topologicalOrder(chain.toReversed()))).toEqual(names(chain))
  })

  it('does not overflow the stack on a long chain written backwards', () => {
    const chain = Array.from({ length: 50_000 }, (_, index) => node('Relu', [`t${index + 1}`], [`t${index}`]))
    expect(topologicalOrder(chain)[0]!.name).toBe('node_t49999')
  })

  it('knows producers, consumers and outputs; a use inside a subgraph counts', () => {
    const { producer, consumers, outputs } = topology(withSubgraph())
    expect(producer.get('y')!.name).toBe('choose')
    expect(producer.has('x')).toBe(false)
    expect(names(consumers.get('r')!)).toEqual(['choose'])
    expect(names(consumers.get('x')!)).toEqual(['relu'])
    expect([...outputs]).toEqual(['y'])
  })

  it('sorts a node behind the producer that only its subgraph needs', () => {
    expect(names(withSubgraph().nodes)).toEqual(['relu', 'choose'])
  })

  it('counts a node once that uses a tensor twice', () => {
    expect(names(topology(graph({ inputs: { x: [1] }, outputs: { y: [1] }, nodes: [node('Mul', ['x', 'x'], ['y'])] })).consumers.get('x')!)).toEqual(['node_y'])
  })
})

describe('names', () => {
  it('of nodes are made from operator and output where missing, and unique', () => {
    const proto = create(ModelProtoSchema, {
      irVersion: 8n, opsetImport: [{ version: 17n }],
      graph: {
        name: 'g', input: [{ name: 'x' }], output: [{ name: 'd' }],
        node: [
          { opType: 'Relu', input: ['x'], output: ['a'] }, { opType: 'Neg', name: 'n', input: ['a'], output: ['b'] },
          { opType: 'Neg', name: 'n', input: ['b'], output: ['c'] }, { opType: 'Neg', name: 'Relu_a', input: ['c'], output: ['d'] },
        ],
      },
    })
    const read = graphOf(decodeModel(encodeProto(proto), 'm'), 'm')
    expect(names(read.nodes)).toEqual(['Relu_a_2', 'n', 'Neg_c', 'Relu_a'])
    expect(read.nodes.flatMap((entry) => entry.outputs)).toEqual(['a', 'b', 'c', 'd'])
    // Once the graph is edited the names are written, so that the runtime's profile can be read.
    const written = decodeModel(encodeModel({ ...read, nodes: [...read.nodes] }), 'm')
    expect(written.graph!.node.map((entry) => entry.name)).toEqual(['Relu_a_2', 'n', 'Neg_c', 'Relu_a'])
  })

  it('that are new avoid tensors, nodes, subgraphs and each other', () => {
    const name = nameMaker(withSubgraph())
    expect(['x', 'r', 'n', 'relu', 'fresh', 'fresh', 'fresh'].map(name)).toEqual(['x_2', 'r_2', 'n_2', 'relu_2', 'fresh', 'fresh_2', 'fresh_3'])
  })
})

describe('edits', () => {
  const base = graph({
    inputs: { x: [1] }, outputs: { y: [1] }, values: { a: [1] }, initializers: { w: noise([1]), spare: noise([1]) },
    nodes: [node('Add', ['x', 'w'], ['a']), node('Relu', ['a'], ['y'])],
  })

  it('sort, and drop what lost its last user', () => {
    const relu = withInputs(base.nodes[1]!, () => 'x')
    const edited = withNodes(base, [relu])
    expect([...edited.initializers.keys()]).toEqual(['spare'])
    expect([...edited.values.keys()].toSorted()).toEqual(['x', 'y'])
    expect(names(withNodes(base, base.nodes.toReversed()).nodes)).toEqual(names(base.nodes))
    expect(base.initializers.size).toBe(2)
  })

  it('that leave an input dangling or make a tensor twice are bugs', async () => {
    expect((await faultOf(() => withNodes(base, [base.nodes[1]!]))).code).toBe('bug.edit')
    expect((await faultOf(() => withNodes(base, [...base.nodes, node('Neg', ['x'], ['a'])]))).code).toBe('bug.edit')
  })
})

describe('attributes', () => {
  const attributes = { pads: [1, 2], axis: -1, alpha: 1, mode: 'linear', scales: [2, 2], strings: ['a', 'b'], ratio: 0.5, flag: true }

  it('are typed by name and value, and come back from the file', () => {
    const [read] = graphOf(decodeModel(model({ inputs: { x: [1] }, outputs: { y: [1] }, nodes: [node('Custom', ['x'], ['y'], attributes)] }), 'm'), 'm').nodes as [Node]
    expect(Object.fromEntries([...read.attributes].map(([name, value]) => [name, value.kind]))).toEqual({
      pads: 'ints', axis: 'int', alpha: 'float', mode: 'string', scales: 'floats', strings: 'strings', ratio: 'float', flag: 'int',
    })
    expect([intsAttribute(read, 'pads', []), intAttribute(read, 'axis', 0), floatAttribute(read, 'alpha', 0), stringAttribute(read, 'mode', '')]).toEqual([[1, 2], -1, 1, 'linear'])
    expect([intsAttribute(read, 'none', [7]), intAttribute(read, 'none', 7), floatAttribute(read, 'none', undefined)]).toEqual([[7], 7, undefined])
  })

  it('of another kind name the node', async () => {
    const strange: Node = { ...node('Conv', ['x'], ['y'], {}, 'c1'), attributes: attributesOf({ group: 'two' }) }
    expect(await faultOf(() => intAttribute(strange, 'group', 1))).toMatchObject({ code: 'model.attribute', where: "node 'c1'" })
  })
})
