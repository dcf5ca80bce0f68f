import { magnitudeOf, SIGN } from '../calibrate/codes.ts'
import type { TensorStatistics } from '../calibrate/statistics.ts'
import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import type { Finding } from '../core/run.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { finding, numberText, percentText } from './finding.ts'
import { layerKey, setFix } from './fix.ts'
import { isRule } from './rules-of-range.ts'
import type { Site } from './site.ts'

const LEAST_USAGE = 0.25
const MOST_CLIPPED = 0.01

/** S05: ranges of which the samples use a small part of the codes, or that cut off many values. Ranges of a rule are as they should be. */
export function codeUsage({ coded, statistics, layers, context }: Site): Finding[] {
  if (!coded) return []
  const edges = new Set([context.picture?.input, context.output?.name])
  return coded.rows.filter(({ kind, method, scale, tensor }) => kind === 'activation' && scale.length === 1 && !isRule(method) && !edges.has(tensor)).flatMap((row) => {
    const place = { node: coded.links.producer.get(row.tensor)?.name ?? '', tensor: coded.nameOf(row.tensor) }
    const seen = statistics?.tensors.get(row.tensor)
    const clipped = seen && seen.sampled > 0 ? clippedShare(row, seen) : clippedOf(layers, row.tensor)
    if (clipped !== undefined && clipped > MOST_CLIPPED) {
      return [finding('S05', 'warning', {
        ...place, what: `the range of ${place.tensor} is too narrow`,
        why: `${percentText(clipped)} of the values seen lie outside ${numberText(row.lo)}..${numberText(row.hi)} and are clipped${seen ? ` (they reach ${numberText(seen.min)}..${numberText(seen.max)})` : ''}`,
        fix: setFix(`${layerKey(place.tensor, 'method')}=max`, 'Take the whole range that was seen, or a method that cuts less.'),
      })]
    }
    const used = seen && seen.count > 0 ? usedShare(row, seen) : undefined
    if (used === undefined || used >= LEAST_USAGE) return []
    return [finding('S05', 'warning', {
      ...place, what: `the range of ${place.tensor} is too wide`,
      why: `the values seen, ${numberText(seen!.min)}..${numberText(seen!.max)}, use ${percentText(used)} of the codes, which reach ${numberText(row.lo)}..${numberText(row.hi)}: ${numberText(-Math.log2(used))} bits are lost`,
      fix: setFix(`${layerKey(place.tensor, 'method')}=max`, 'Take the range that was seen.'),
    })]
  })
}

/** Codes between the extremes seen, 0 among them because every range must hold it, over all codes. */
function usedShare({ type, scale }: ScaleRow, { min, max }: TensorStatistics): number | undefined {
  if (min === 0 && max === 0) return undefined
  const [least, most] = CODE_LIMITS[type as CodeType]
  return (Math.max(max, 0) - Math.min(min, 0)) / scale[0]! / (most - least)
}

/** Share of the counted values that lie more than half a step outside. */
function clippedShare({ lo, hi, scale }: ScaleRow, { folds, sampled }: TensorStatistics): number {
  const half = scale[0]! / 2
  let outside = 0
  for (const { codes, counts } of folds) {
    for (const [index, code] of codes.entries()) {
      const value = (code & SIGN) === 0 ? magnitudeOf(code) : -magnitudeOf(code)
      if (value < lo - half || value > hi + half) outside += counts[index]!
    }
  }
  return outside / sampled
}

function clippedOf(layers: Site['layers'], tensor: string): number | undefined {
  const found = layers?.find((each) => each.tensor === tensor && each.mode === 'alone') ?? layers?.find((each) => each.tensor === tensor)
  return found && found.clippedPercent / 100
}
