import { useSay, type TextKey } from '../../texts/texts.ts'
import { fixed, significant } from '../../ui/format.ts'
import { Button } from '../../ui/button.tsx'
import type { PairFacts } from './analysis.ts'
import { gradientOf, MAPS } from './color-maps.ts'
import { KINDS, topOf } from './difference.ts'
import { CHANNELS } from './levels.ts'
import { gainAfter, type Look } from './look.ts'
import type { ChangeLook } from './use-look.ts'
import { CHANNEL_TEXTS, KIND_TEXTS, MAP_TEXTS } from './words.ts'

interface DifferenceBarProps {
  readonly look: Look
  readonly change: ChangeLook
  readonly facts: PairFacts | null
  readonly channels: 1 | 3
}

/** How the difference is measured and coloured, and what the colours mean. */
export function DifferenceBar({ look, change, facts, channels }: DifferenceBarProps) {
  const say = useSay()
  const { kind, gain, over } = look
  return (
    <div className="compare-bar difference-bar">
      <Choice name={say('compare.kind')} value={kind} list={KINDS} texts={KIND_TEXTS} onChange={(next) => change({ kind: next })} />
      {channels === 1 ? null : <Choice name={say('compare.channel')} value={look.channel} list={CHANNELS} texts={CHANNEL_TEXTS} onChange={(channel) => change({ channel })} />}
      <span className="stepper" role="group" aria-label={say('compare.gain')}>
        <Button tone="quiet" className="square" aria-label={say('compare.gain-less')} title={`${say('compare.gain-less')}  ,`} onClick={() => change({ gain: gainAfter(gain, -1) })}>−</Button>
        <span className="number" title={say('compare.gain')}>×{gain}</span>
        <Button tone="quiet" className="square" aria-label={say('compare.gain-more')} title={`${say('compare.gain-more')}  .`} onClick={() => change({ gain: gainAfter(gain, 1) })}>+</Button>
      </span>
      {kind === 'signed' ? null : <Choice name={say('compare.map')} value={look.map} list={MAPS} texts={MAP_TEXTS} onChange={(map) => change({ map })} />}
      <label className="difference-over" title={say('compare.over.what')}>
        <input type="checkbox" checked={over !== null} onChange={(event) => change({ over: event.target.checked ? 1 : null })} /> &gt;
        <input
          className="field number" type="number" min={0} max={255} step={0.5} value={over ?? 1} disabled={over === null} aria-label={say('compare.over')}
          onChange={(event) => { if (event.target.value !== '') change({ over: Math.max(0, Math.min(255, event.target.valueAsNumber)) }) }}
        /> LSB
      </label>
      {over === null || facts === null ? null : <span className="number muted">{say('compare.over.share', { percent: significant(facts.shareOver(over) * 100, 3) })}</span>}
    </div>
  )
}

/** The colours with their values. */
export function ColorBar({ look: { kind, gain, map } }: { readonly look: Look }) {
  const say = useSay()
  const top = topOf(kind, gain)
  const signed = kind === 'signed'
  const unit = kind === 'relative' ? '%' : kind === 'squared' ? 'LSB²' : 'LSB'
  const text = kind === 'relative' ? significant(top * 100, 3) : Number.isInteger(top) ? fixed(top, 0) : significant(top, 3)
  return (
    <span className="color-bar number" role="img" aria-label={say('compare.color-bar', { low: signed ? `−${text}` : '0', high: text, unit })}>
      <span>{signed ? `−${text}` : '0'}</span><i style={{ background: gradientOf(signed ? 'signed' : map) }} /><span>{text} {unit}</span>
    </span>
  )
}

interface ChoiceProps<T extends string> {
  readonly name: string
  readonly value: T
  readonly list: readonly T[]
  readonly texts: Readonly<Record<T, TextKey>>
  readonly onChange: (value: T) => void
}

function Choice<T extends string>({ name, value, list, texts, onChange }: ChoiceProps<T>) {
  const say = useSay()
  return (
    <select className="field choice" aria-label={name} title={name} value={value} onChange={(event) => onChange(list.find((each) => each === event.target.value) ?? value)}>
      {list.map((each) => <option key={each} value={each}>{say(texts[each])}</option>)}
    </select>
  )
}
