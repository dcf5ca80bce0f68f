import { csvLine } from '../core/csv.ts'
import { COMPUTE, isPassThrough } from '../onnx/operators.ts'
import { topology } from '../onnx/topology.ts'
import { absorbedTensors } from '../quantize/absorb.ts'
import type { Subject } from './subject.ts'
import { isActivation } from './record.ts'

/** Activations that operators on codes read or make: what a toolchain needs a range for. */
export function quantizableTensors({ graph, floatNodes }: Pick<Subject, 'graph' | 'floatNodes'>): string[] {
  const float = new Set(floatNodes.map(({ node }) => node))
  const made = new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)])
  return [...new Set(graph.nodes.filter(({ op, name }) => COMPUTE.has(op) && !float.has(name)).flatMap(({ inputs }) => inputs.slice(0, 1)))].filter((name) => made.has(name))
}

export interface Coverage {
  /** Tensors of the graph that carry values, and how many of them have a row. */
  readonly rows: number
  readonly matched: number
  readonly csv: string
}

/**
 * Every tensor with the node that makes it, what the toolchain calls it, and whether it has a range: `yes`, `no`, `float` where it stays
 * so, `moved` where it only moves what has one, `fused` where the activation right behind it has the range, `absent` where it has a range and the toolchain's own file no such tensor.
 */
export function nameTable(subject: Subject, vendorName: (value: string, op: string) => string | undefined): Coverage {
  const known = new Set(subject.records.filter(isActivation).map(({ name }) => name))
  const float = new Set(subject.floatNodes.map(({ node }) => node))
  const inputs = subject.graph.inputs.map(({ name }) => ({ value: name, node: '', op: '' }))
  const values = subject.graph.nodes.flatMap(({ name, op, outputs }) => outputs.filter((value) => value !== '').map((value) => ({ value, node: name, op })))
  const absorbed = absorbedTensors(subject.graph, topology(subject.graph), ({ name }) => !float.has(name))
  const moved = new Set<string>()
  for (const node of subject.graph.nodes) {
    if (!isPassThrough(node) || float.has(node.name) || !(known.has(node.inputs[0]!) || moved.has(node.inputs[0]!))) continue
    for (const output of node.outputs) if (!known.has(output)) moved.add(output)
  }
  const rows = [...inputs, ...values].map(({ value, node, op }) => [value, node, op, vendorName(value, op) ?? '', known.has(value) ? (vendorName(value, op) === undefined ? 'absent' : 'yes') : float.has(node) ? 'float' : absorbed.has(value) ? 'fused' : moved.has(value) ? 'moved' : 'no'])
  const wanted = rows.filter(([, , , , matched]) => ['yes', 'no', 'absent'].includes(matched!))
  return {
    rows: wanted.length, matched: wanted.filter(([, , , , matched]) => matched === 'yes').length,
    csv: [['onnx_value', 'onnx_node', 'op', 'vendor_name', 'matched'], ...rows].map((row) => `${csvLine(row.map(safeCell))}\n`).join(''),
  }
}

/** A spreadsheet would take such a name for a formula: an apostrophe before it, and before a name that begins with one. */
export const safeCell = (text: string): string => (/^[=+@\t\r']|^-[^\d.]/.test(text) ? `'${text}` : text)

/** What `safeCell` was given. */
export const plainCell = (text: string): string => text.replace(/^'/, '')
