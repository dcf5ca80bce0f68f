import { useMemo } from 'react'
import type { ModelGraph } from '../../../../preload/contract/index.ts'
import { useSay, type TextKey } from '../../../texts/texts.ts'
import { FAMILIES, familyOf, type Family } from './families.ts'
import { BOUNDS, GLYPHS, type Overlay } from './overlay.ts'
import { overlayName } from './overlay-choice.tsx'

const NAMES: Readonly<Record<Family, TextKey>> = {
  conv: 'model.family.conv', activation: 'model.family.activation', norm: 'model.family.norm', pool: 'model.family.pool', shape: 'model.family.shape',
  quantize: 'model.family.quantize', math: 'model.family.math', other: 'model.family.other',
}

/** What colours and shapes mean: the run's numbers where they are painted, else the kinds of operators that are there. */
export function Legend({ overlay, graph }: { readonly overlay: Overlay | null; readonly graph: ModelGraph }) {
  const say = useSay()
  const families = useMemo(() => {
    const there = new Set(graph.nodes.map(({ op }) => familyOf(op)))
    return FAMILIES.filter((family) => there.has(family))
  }, [graph])
  if (overlay === null) return <ul className="graph-legend">{families.map((family) => <li key={family}><i className="legend-box" data-family={family} /> {say(NAMES[family])}</li>)}</ul>
  if (overlay === 'bits') return <ul className="graph-legend"><li>{say(overlayName(overlay))}</li></ul>
  const [good, bad] = BOUNDS[overlay]
  const [better, worse] = overlay === 'clipped' ? ['≤', '>'] : ['≥', '<']
  return (
    <ul className="graph-legend">
      <li>{say(overlayName(overlay))}</li>
      <li className="verdict number" data-tone="good">{GLYPHS.good} {better} {good}</li>
      <li className="verdict number" data-tone="warning">{GLYPHS.warning} {better} {bad}</li>
      <li className="verdict number" data-tone="bad">{GLYPHS.bad} {worse} {bad}</li>
    </ul>
  )
}
