import { readModel } from '../../onnx/model-file.ts'
import { Fault } from '../../core/fault.ts'
import type { LayerError } from '../../core/run.ts'
import { breathe, type Task } from '../../core/task.ts'
import { compareTensor, matchNames, swapped, transposed, type Diagnosis, type Simulated } from '../../export/compare-dump.ts'
import type { Feeds } from '../../export/golden.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import { float32, isFloat } from '../../onnx/tensor.ts'
import { topology } from '../../onnx/topology.ts'
import { readQdq } from '../../quantize/read-qdq.ts'
import { openSession } from '../../runtime/session.ts'

export interface DumpInput {
  readonly arrays: ReadonlyMap<string, Tensor>
  readonly feeds: Feeds
  /** Path of the QDQ model. */
  readonly quantized: string
  /** Tensor → what the toolchain calls it. */
  readonly vendorNames: ReadonlyMap<string, string>
  readonly layout: 'nchw' | 'nhwc' | null
  readonly threads: number
  readonly where: string
}

export interface DumpReport {
  /** Board against simulation, in the order of the graph. */
  readonly layers: readonly LayerError[]
  /** What the differences look like; the first in the graph is the one to look at. */
  readonly diagnoses: readonly Diagnosis[]
  readonly outputs: readonly string[]
  readonly unmatched: readonly { readonly array: string; readonly nearest: readonly string[] }[]
}

/** Every array of a dump that has a tensor in the simulation. Throws `input.dump` where none has. */
export async function compareDump({ arrays, feeds, quantized, vendorNames, layout, threads, where }: DumpInput, task: Task): Promise<DumpReport> {
  const { graph } = await readModel(quantized)
  const { rows, dequantizedNames } = readQdq(graph)
  const inner = new Set([...dequantizedNames.values()].filter((name) => !graph.outputs.some((output) => output.name === name)))
  const made = graph.nodes.flatMap(({ op, outputs }) => (op === 'QuantizeLinear' ? [] : outputs)).filter((name) => !inner.has(name) && !name.endsWith('_dequantized'))
  const known = new Map([...new Set([...made, ...graph.outputs.map(({ name }) => name)])].map((name) => [name, vendorNames.get(name) ?? name]))
  const { matched, unmatched } = matchNames(arrays.keys(), known)
  if (matched.size === 0) {
    throw new Fault({ code: 'input.dump', where, what: `none of its ${arrays.size} arrays has the name of a tensor of this model`, next: `Name them as in names.csv; the outputs are ${graph.outputs.map(({ name }) => name).join(', ')}.` })
  }
  const tensors = [...known.keys()].filter((name) => matched.has(name))
  const look = (fed: Feeds): Promise<Simulated[]> => simulate(graph, tensors, { rows, dequantizedNames }, fed, threads)
  const simulated = await look(feeds)
  const compared = simulated.map((one, index) => {
    task.report({ stage: 'dump', done: index + 1, total: simulated.length, unit: 'tensors' })
    return compareTensor(one, arrays.get(matched.get(one.tensor)!)!)
  })
  await breathe(task)
  const layers = compared.flatMap(({ layer }) => (layer ? [layer] : []))
  const own = compared.flatMap(({ diagnosis }) => (diagnosis ? [diagnosis] : []))
  const fedWrong = layers.some(({ cosine }) => cosine < 0.995) && own.every(({ suspicion }) => suspicion !== 'shape') ? await wrongInput(feeds, layout, arrays, matched, layers, look) : []
  const outputs = graph.outputs.map(({ name }) => name)
  return { layers, diagnoses: explainsMore(fedWrong, own, layers) ? fedWrong : own, outputs: outputs.filter((name) => matched.has(name)), unmatched }
}

/** One reason for all beats one for each, unless those put every tensor right at least as well. */
function explainsMore(fed: readonly Diagnosis[], own: readonly Diagnosis[], layers: readonly LayerError[]): boolean {
  const low = layers.filter(({ cosine }) => cosine < 0.995).length
  return fed.length > 0 && (own.length < low || own.some(({ after }) => after < fed[0]!.after))
}

/** Whether the dump is what the model gives for the same picture in another order of colours or axes. */
async function wrongInput(feeds: Feeds, layout: DumpInput['layout'], arrays: DumpInput['arrays'], matched: ReadonlyMap<string, string>, layers: readonly LayerError[], look: (fed: Feeds) => Promise<Simulated[]>): Promise<Diagnosis[]> {
  const before = Math.min(...layers.map(({ cosine }) => cosine))
  const variants = (['input-channels', 'input-layout'] as const).flatMap((suspicion) => {
    const fed = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, misread(value, suspicion, layout)]))
    return Object.entries(fed).every(([name, value]) => value === feeds[name]) ? [] : [{ suspicion, fed }]
  })
  for (const { suspicion, fed } of variants) {
    const after = Math.min(...(await look(fed)).map((one) => compareTensor(one, arrays.get(matched.get(one.tensor)!)!).layer?.cosine ?? 0))
    if (after >= 0.995 && after > before) return [{ tensor: '', suspicion, before, after }]
  }
  return []
}

/** A picture as a board sees it that mistakes its colours, or takes its bytes for the other layout. */
function misread(value: Tensor, suspicion: 'input-channels' | 'input-layout', layout: DumpInput['layout']): Tensor {
  if (value.dims.length !== 4 || !isFloat(value.type) || layout === null) return value
  const axis = layout === 'nchw' ? 1 : 3
  if (suspicion === 'input-channels') return value.dims[axis] === 3 ? { type: 'float32', dims: value.dims, data: swapped(float32(value), value.dims, axis) } : value
  const [batch, a, b, c] = value.dims as [number, number, number, number]
  const data = layout === 'nchw' ? transposed(float32(value), [batch, a, b, c], [0, 2, 3, 1]) : transposed(float32(value), [batch, a, b, c], [0, 3, 1, 2])
  return { type: 'float32', dims: value.dims, data }
}

async function simulate(graph: Graph, tensors: readonly string[], { rows, dequantizedNames }: ReturnType<typeof readQdq>, feeds: Feeds, threads: number): Promise<Simulated[]> {
  const shown = new Map(tensors.map((name) => [name, dequantizedNames.get(name) ?? name]))
  const taken = new Set([...graph.outputs, ...graph.inputs].map(({ name }) => name))
  const added = [...new Set(shown.values())].filter((name) => !taken.has(name)).map((name) => ({ name, type: 'float32' as const, dims: null }))
  const session = await openSession(encodeModel({ ...graph, outputs: [...graph.outputs, ...added] }), { mode: 'simulated', threads, where: 'model/model.qdq.onnx' })
  const { producer } = topology(graph)
  const rowOf = new Map(rows.map((row) => [row.tensor, row]))
  try {
    const values = await session.run(feeds, [...new Set(shown.values())])
    return tensors.map((tensor) => {
      const maker = producer.get(tensor)
      const node = maker?.op === 'DequantizeLinear' ? (producer.get(`${tensor}_float`) ?? maker) : maker
      const value = values[shown.get(tensor)!]!
      return { tensor, node: node?.name ?? '', op: node?.op ?? '', value: isFloat(value.type) ? { type: 'float32', dims: value.dims, data: float32(value).slice() } : value, row: rowOf.get(tensor) ?? null }
    })
  } finally {
    await session.close()
  }
}
