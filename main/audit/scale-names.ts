import { nameDifferences } from '../calibrate/check-statistics.ts'
import type { Finding } from '../core/run.ts'
import { finding } from './finding.ts'
import { computingNodes } from './operands.ts'
import type { Site } from './site.ts'

/** S02: names that must have statistics or a scale and have none, and names that nothing here is called. */
export const scaleNames = (site: Site): Finding[] => [...statisticsNames(site), ...tableNames(site), ...halfQuantized(site)]

function statisticsNames({ statistics, expected }: Site): Finding[] {
  if (!statistics || !expected) return []
  const known = new Set(expected)
  const missing = expected.filter((name) => !statistics.tensors.has(name))
  const unexpected = [...statistics.tensors.keys()].filter((name) => !known.has(name))
  return differences('the statistics', missing, unexpected, 'Calibrate this model, or rename the tensors in the model to what the statistics call them.')
}

function tableNames({ coded, table }: Site): Finding[] {
  if (!coded || !table || table.length === 0) return []
  const [inTable, inModel] = [table.filter(({ float }) => !float).map(({ tensor }) => tensor), coded.rows.map(({ tensor }) => tensor)]
  const [known, made] = [new Set(inTable), new Set(inModel)]
  return differences('the scale table', inModel.filter((name) => !known.has(name)), inTable.filter((name) => !made.has(name)), 'Quantize again: table and model belong to different runs.')
}

function differences(where: string, missing: readonly string[], unexpected: readonly string[], fix: string): Finding[] {
  if (missing.length === 0 && unexpected.length === 0) return []
  const counts = [missing.length === 0 ? '' : `${missing.length} ${missing.length === 1 ? 'name is' : 'names are'} missing in ${where}`, unexpected.length === 0 ? '' : `${unexpected.length} ${unexpected.length === 1 ? 'is' : 'are'} unexpected there`].filter(Boolean)
  return [finding('S02', missing.length > 0 ? 'error' : 'warning', { tensor: missing[0] ?? unexpected[0]!, what: counts.join(', '), why: nameDifferences(missing, unexpected), fix })]
}

/** A node that multiplies by codes and reads float, in a model that has codes elsewhere: its input was forgotten. */
function halfQuantized({ coded }: Site): Finding[] {
  if (!coded?.rows.some(({ kind }) => kind === 'activation')) return []
  return computingNodes(coded).filter(({ input }) => input === null).map(({ node }) => finding('S02', 'warning', {
    node: node.name, tensor: coded.nameOf(node.inputs[0]!),
    what: `${node.op} ${node.name} has a quantized weight and an input without a scale`,
    why: `${coded.nameOf(node.inputs[0]!)} is not quantized, so the whole node is computed in float with the weight's rounding as a loss`,
    fix: 'Quantize its input, or leave its weight in float.',
  }))
}
