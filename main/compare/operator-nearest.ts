import type { OperatorEntry, OperatorShape, OperatorTable, Precision } from './operator-table.ts'

/** A time that was measured for something like a node, and how much it is like it. */
export interface OperatorEstimate {
  readonly entry: OperatorEntry
  /** The measured time, by the work of the node over the work of the entry. */
  readonly ms: number
  /** 0: the same in everything that is known of both; 1 for every doubling of a size, 2 for another mode or grouping. */
  readonly distance: number
  readonly how: 'same' | 'near' | 'far'
  /** In what they differ, for people: `input_channels 28 for 32`. */
  readonly differs: readonly string[]
}

/** Up to here an estimate is called near. */
const NEAR = 1.5
const OTHER_KIND = 2

const SIZES = [
  ['kernel', 'kernel'], ['factor', 'factor'], ['inputChannels', 'input_channels'], ['outputChannels', 'output_channels'],
] as const satisfies readonly (readonly [keyof OperatorShape, string])[]

/**
 * The entry of a table that is nearest to a node by operator, precision, kernel, channels and size; null where the table has no such
 * operator in that precision. What only one of the two states is not compared.
 */
export function timeOf(table: OperatorTable, shape: OperatorShape, precision: Precision): OperatorEstimate | null {
  let nearest: Omit<OperatorEstimate, 'ms' | 'how'> | null = null
  for (const entry of table.entries) {
    if (entry.op !== shape.op || entry.precision !== precision) continue
    const found = compared(shape, entry)
    if (nearest === null || found.distance < nearest.distance) nearest = found
  }
  if (nearest === null) return null
  const how = nearest.distance === 0 ? 'same' : nearest.distance <= NEAR ? 'near' : 'far'
  return { ...nearest, how, ms: nearest.entry.medianMs * (workOf(shape, nearest.entry) / workOf(nearest.entry, shape)) }
}

function compared(shape: OperatorShape, entry: OperatorEntry): Omit<OperatorEstimate, 'ms' | 'how'> {
  const differs: string[] = []
  let distance = 0
  for (const key of ['group', 'mode'] as const) {
    if (shape[key] === undefined || entry[key] === undefined || shape[key] === entry[key]) continue
    distance += OTHER_KIND
    differs.push(`${key} ${shape[key]} for ${entry[key]}`)
  }
  for (const [key, title] of SIZES) {
    const [wanted, has] = [shape[key], entry[key]]
    if (wanted === undefined || has === undefined || wanted === has) continue
    distance += Math.abs(Math.log2(wanted / has))
    differs.push(`${title} ${wanted} for ${has}`)
  }
  if (shape.height !== entry.height || shape.width !== entry.width) {
    distance += Math.abs(Math.log2((shape.height * shape.width) / (entry.height * entry.width)))
    differs.push(`size ${shape.height}×${shape.width} for ${entry.height}×${entry.width}`)
  }
  return { entry, distance, differs }
}

const CONVOLUTIONS = new Set(['Conv', 'ConvTranspose'])

/** Products of a convolution, values of anything else; a factor that the other one does not state counts as 1 in both. */
function workOf(shape: OperatorShape, other: OperatorShape): number {
  const known = (key: 'kernel' | 'factor' | 'inputChannels' | 'outputChannels'): number => (shape[key] === undefined || other[key] === undefined ? 1 : shape[key])
  const pixels = shape.height * shape.width
  if (!CONVOLUTIONS.has(shape.op)) return pixels * known('inputChannels') * (shape.op === 'DepthToSpace' ? 1 : known('factor') ** 2)
  const columns = shape.group === 'depthwise' ? 1 : known('inputChannels')
  return pixels * known('kernel') ** 2 * known('outputChannels') * columns
}
