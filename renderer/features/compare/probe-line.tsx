import { useEffect, useState } from 'react'
import type { LevelCodes } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { fixed, signed } from '../../ui/format.ts'
import type { Spot } from './moves.ts'
import { codesOf, levelsAt, shownDifference } from './probe.ts'
import { useSideName } from './side-mark.tsx'
import { isOther, versionOf, type Faces, type Side } from './sides.ts'
import { useValue, type Value } from './value.ts'

interface ProbeLineProps {
  readonly faces: Faces
  readonly a: Side
  readonly b: Side
  /** Of the run, and of the run beside it. */
  readonly codes: LevelCodes | null
  readonly otherCodes: LevelCodes | null
  readonly spot: Value<Spot | null>
  readonly pointed: boolean
  readonly sample: string
}

interface Probe {
  readonly side: Side
  readonly name: string
  readonly levels: readonly number[] | null
  readonly codes: readonly number[] | null
}

const REST_MS = 300

/** The pixel below the pointer or the cursor: where it is, its raw levels and codes on both sides, and how far they are apart. */
export function ProbeLine({ faces, a, b, codes, otherCodes, spot: held, pointed, sample }: ProbeLineProps) {
  const say = useSay()
  const nameOf = useSideName()
  const spot = useValue(held)
  const probeOf = (side: Side): Probe => {
    const picture = faces[side]
    const levels = spot === null || picture === undefined ? null : levelsAt(picture, spot)
    const quantized = versionOf(side) === 'simulated' || versionOf(side) === 'fused'
    const own = quantized ? (isOther(side) ? otherCodes : codes) : null
    return { side, name: nameOf(side), levels, codes: levels !== null && own !== null ? codesOf(levels, own) : null }
  }
  const [one, other] = [probeOf(a), probeOf(b)]
  const apart = one.levels !== null && other.levels !== null ? shownDifference(one.levels, other.levels) : null
  const text = spot === null ? '' : lineOf(sample, spot, one, other, apart)
  useCopied(text)
  const picture = faces[a]
  return (
    <div className="probe number" data-empty={spot === null || undefined}>
      {spot === null
        ? <span className="muted">{picture === undefined ? '' : `${picture.width} × ${picture.height}`}<span className="probe-hint">{say('compare.probe-hint')}</span></span>
        : (
          <>
            <span className="probe-place">x {spot.x} y {spot.y}</span>
            <ProbeValues probe={one} />
            <ProbeValues probe={other} />
            <span className="bar-space" />
            {apart === null ? null : <span title={say('compare.delta')}>Δ {apart.map((value) => (value === 0 ? '0' : signed(value, 0))).join(' ')}<small> LSB</small></span>}
          </>
        )}
      <Spoken text={pointed ? text : ''} />
    </div>
  )
}

function ProbeValues({ probe: { side, name, levels, codes } }: { readonly probe: Probe }) {
  const say = useSay()
  if (levels === null) return <span className="muted">{name} –</span>
  return (
    <span className="probe-values" data-version={versionOf(side)} title={codes === null ? name : `${name}, ${say('compare.codes')} ${codes.join(' ')}`}>
      <span className="unseen">{name} </span>{levels.map((level) => fixed(level, 2)).join(' ')}{codes === null ? null : <small> [{codes.join(' ')}]</small>}
    </span>
  )
}

const lineOf = (sample: string, { x, y }: Spot, one: Probe, other: Probe, apart: readonly number[] | null): string =>
  [
    `${sample} x ${x} y ${y}`,
    ...[one, other].map(({ name, levels, codes }) => [name, levels === null ? '–' : levels.map((level) => fixed(level, 3)).join(' '), codes === null ? '' : `[${codes.join(' ')}]`].filter(Boolean).join(' ')),
    ...(apart === null ? [] : [`Δ ${apart.map((value) => signed(value, 0)).join(' ')} LSB`]),
  ].join('\t')

/** Copying with nothing selected takes the probe. */
function useCopied(text: string): void {
  useEffect(() => {
    if (text === '') return
    const onCopy = (event: ClipboardEvent): void => {
      if (document.getSelection()?.isCollapsed === false || (event.target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(event.target.tagName))) return
      event.clipboardData?.setData('text/plain', text)
      event.preventDefault()
    }
    document.addEventListener('copy', onCopy)
    return () => document.removeEventListener('copy', onCopy)
  }, [text])
}

/** What the cursor stands on, said once it rests. */
function Spoken({ text }: { readonly text: string }) {
  const [said, setSaid] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), REST_MS)
    return () => clearTimeout(timer)
  }, [text])
  return <span className="unseen" role="status">{said}</span>
}
