import { isPassThrough } from '../../onnx/operators.ts'
import { topology } from '../../onnx/topology.ts'
import { absorbedTensors } from '../../quantize/absorb.ts'
import { isActivation, type TensorQuant } from '../record.ts'
import type { Check, Subject } from '../subject.ts'

/** Smallest normal float32. */
const MIN_NORMAL = 2 ** -126

/** Nothing but zeros was seen: the scale is a convention. */
export const degenerate = ({ range: [lo, hi] }: TensorQuant): boolean => lo === 0 && hi === 0

export const few = (names: readonly string[], most = 20): readonly string[] => names.slice(0, most)

/** Activations without a range; `en` says what the reader makes of one. */
export function zeroRangeCheck(records: readonly TensorQuant[], what: string): Check {
  const zero = records.filter((record) => isActivation(record) && degenerate(record)).map(({ name }) => name)
  if (zero.length === 0) return { id: 'zero-range', state: 'ok', where: [], what: { en: 'Every range is wider than zero.', zh: '所有范围都大于零。' } }
  return {
    id: 'zero-range', state: 'warning', where: few(zero),
    what: { en: `${zero.length} tensors held nothing but zeros on the calibration samples.`, zh: `${zero.length} 个张量在校准样本上全为零。` },
    why: { en: `Their range is 0..0 and left out of tables (${what}).`, zh: `其范围为 0..0，不写入表格（${what}）。` },
    fix: { en: 'Calibrate with samples that reach these tensors.', zh: '请使用能激活这些张量的样本重新校准。' },
  }
}

/** Scales below the smallest normal float32, which some runtimes flush to zero. */
export function denormalCheck(records: readonly TensorQuant[]): Check {
  const small = records.filter(({ role, scale }) => role !== 'bias' && scale.some((step) => !(step >= MIN_NORMAL))).map(({ name }) => name)
  if (small.length === 0) return { id: 'denormal', state: 'ok', where: [], what: { en: 'Every scale is a normal float32.', zh: '所有比例都是规格化的 float32。' } }
  return {
    id: 'denormal', state: 'error', where: few(small),
    what: { en: `${small.length} scales are below the smallest normal float32.`, zh: `${small.length} 个比例小于最小的规格化 float32。` },
    why: { en: 'A processor that flushes them to zero divides by zero.', zh: '会将其冲刷为零的处理器会除以零。' },
    fix: { en: 'Give these tensors a range by hand (quantize.layers NAME range).', zh: '请手动给出这些张量的范围（quantize.layers NAME range）。' },
  }
}

/** Names that hold what a reader breaks on. `state` error: their rows cannot be written. */
export function nameCheck(names: readonly string[], bad: RegExp, reader: string, state: 'error' | 'warning' = 'error'): Check {
  const wrong = [...new Set(names.filter((name) => bad.test(name)))]
  if (wrong.length === 0) return { id: 'names', state: 'ok', where: [], what: { en: `Every name can be read by ${reader}.`, zh: `${reader} 能读取所有名称。` } }
  return {
    id: 'names', state, where: few(wrong),
    what: { en: `${wrong.length} names hold characters that ${reader} cannot read.`, zh: `${wrong.length} 个名称含有 ${reader} 无法读取的字符。` },
    why: { en: 'Its rows would be dropped without a word; they are left out of the tables.', zh: '对应的行会被悄悄丢弃；它们不写入表格。' },
    fix: { en: 'Export the model again with plain names (letters, digits, /, ., _, -).', zh: '请以普通名称（字母、数字、/、.、_、-）重新导出模型。' },
  }
}

/** A quoted word for a POSIX shell. */
export const word = (text: string): string => (/^[\w./=,:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** The records, and behind them one for each tensor that an activation right behind it absorbs: tools that look at the two apart need a range there too, that of what the activation lets through. */
export function withFused({ graph, records, floatNodes }: Pick<Subject, 'graph' | 'records' | 'floatNodes'>): TensorQuant[] {
  const float = new Set(floatNodes.map(({ node }) => node))
  const links = topology(graph)
  const absorbed = absorbedTensors(graph, links, ({ name }) => !float.has(name))
  const known = new Map(records.map((record) => [record.name, record]))
  const fused = [...absorbed.keys()].flatMap((name) => {
    let behind = absorbed.get(name)
    while (behind !== undefined && !known.has(behind)) behind = absorbed.get(behind)
    const node = links.producer.get(name)
    return behind === undefined || !node || known.has(name) ? [] : [{ ...known.get(behind)!, name, node: node.name, op: node.op }]
  })
  return [...records, ...fused]
}

/** The same, and behind them one for each tensor that only moves what has one: tools that ask every operator for its range find it there too. */
export function withMoved(subject: Pick<Subject, 'graph' | 'records' | 'floatNodes'>): TensorQuant[] {
  const float = new Set(subject.floatNodes.map(({ node }) => node))
  const records = new Map(withFused(subject).map((record) => [record.name, record]))
  for (const node of subject.graph.nodes) {
    const source = isPassThrough(node) && !float.has(node.name) ? records.get(node.inputs[0] ?? '') : undefined
    if (!source || !isActivation(source)) continue
    for (const name of node.outputs) if (name !== '' && !records.has(name)) records.set(name, { ...source, name, role: 'activation', node: node.name, op: node.op })
  }
  return [...records.values()]
}
