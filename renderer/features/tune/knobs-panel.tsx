import type { ReactNode } from 'react'
import { useEngineWords } from '../../texts/engine-words.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { EngineText } from '../../ui/engine-text.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Choice, NumberField } from '../calibrate/fields.tsx'
import { FLOAT_OPS, hasWeights, isPattern, isRefused, PRECISIONS, precisionOf, withPrecision, withValue, type Layer, type Limit, type Line, type Precision } from './lines.ts'
import { setQuantize } from './recipe-log.ts'

interface KnobsPanelProps {
  /** Name or pattern: the key of `quantize.layers`. */
  readonly line: string
  readonly value: Line
  readonly meant: readonly Layer[]
  readonly limits: readonly Limit[]
  readonly board: string
  readonly boardFault: unknown
  readonly methods: readonly string[]
  readonly links: ReactNode
}

const SHAPES: Readonly<Record<Limit['state'], string>> = { native: '✓', fallback: '◐', missing: '✕', unknown: '?' }
const TONES: Readonly<Record<Limit['state'], string>> = { native: 'good', fallback: 'warning', missing: 'bad', unknown: 'muted' }
const STATES: Readonly<Record<Limit['state'], TextKey>> = { native: 'board.native', fallback: 'board.fallback', missing: 'board.missing', unknown: 'board.unknown' }

/** Every knob of one layer, or of all that a pattern means. What the board cannot compute cannot be chosen. */
export function KnobsPanel({ line, value, meant, limits, board, boardFault, methods, links }: KnobsPanelProps) {
  const say = useSay()
  const words = useEngineWords()
  const put = (next: Line): void => setQuantize(['layers', line], Object.keys(next).length === 0 ? undefined : next)
  const same = { value: '', name: say('calibrate.as-others') }
  const precision = precisionOf(value)
  const isFloat = value['forward_with_float'] === false || (value['forward_with_float'] !== true && meant.some(({ wish, by }) => wish['forward_with_float'] === true && by?.startsWith(FLOAT_OPS) !== true))
  const isWide = value['weight_bits'] === 8 || (value['weight_bits'] !== 16 && meant.some(({ wish }) => wish['weight_bits'] === 16))
  const haveWeights = meant.length === 0 || meant.some(hasWeights)
  const choice = (of: Precision | null, name: string) => {
    const refused = of === null ? undefined : isRefused(limits, of)
    const why = refused === undefined ? (of === 'int16' && !haveWeights ? say('tune.no-weights') : undefined) : `${board}: ${words(refused.why).text}`
    return (
      <button key={name} type="button" aria-pressed={precision === of} disabled={why !== undefined} title={why} onClick={() => put(withPrecision(value, of, { isFloat, isWide }))}>
        {name}{why === undefined ? null : <span aria-hidden="true"> ✕</span>}
      </button>
    )
  }
  const pick = (key: string, names: readonly string[]) => <Choice label={key} value={String(value[key] ?? '')} choices={[same, ...names.map((name) => ({ value: name, name }))]} onChange={(next) => put(withValue(value, key, next === '' ? undefined : next))} />
  return (
    <Panel title={say('tune.knobs')} aside={<>{links}</>}>
      <div className="knobs">
        <h3 className="mono" title={line}>{line}</h3>
        <p className="muted">{meant.length === 0 ? <><span className="verdict" data-tone="warning">!</span> {say('tune.knobs.nobody')}</> : isPattern(line) ? say('tune.knobs.many', { count: meant.length }) : meant.map(({ ops, now, method }) => [ops.join('+'), now, method].filter(Boolean).join(' · '))[0]}</p>
        <div className="knob knob-wide"><span>{say('tune.precision')}</span><div className="segmented" role="group" aria-label={say('tune.precision')}>{choice(null, say('tune.as-others'))}{PRECISIONS.map((each) => choice(each, each === 'float' ? say('version.float') : each))}</div></div>
        <label className="knob"><span>{say('method')}</span>{pick('method', methods)}</label>
        <label className="knob"><span>{say('granularity')}</span>{pick('granularity', ['tensor', 'channel', 'group'])}</label>
        <label className="knob"><span>{say('tune.rounding')}</span>{pick('rounding', ['nearest', 'adaround', 'adaround-asymmetric'])}</label>
        <label className="knob" title={say('tune.th-scale.what')}><span className="mono">th_scale</span><NumberField label="th_scale" value={value['th_scale']} placeholder="1" onChange={(next) => put(withValue(value, 'th_scale', next))} /></label>
        <section className="knob-board" aria-label={say('tune.board', { board })}>
          <h4>{say('tune.board', { board })}</h4>
          {boardFault === null ? null : <FaultNotice fault={boardFault} />}
          {boardFault === null && limits.length === 0 ? <p className="muted">{say('tune.board.silent')}</p> : null}
          <ul>{limits.map(({ precision: each, state, why }) => <li key={each}><span className="verdict" data-tone={TONES[state]}>{SHAPES[state]} {each}: {say(STATES[state])}</span> <EngineText className="muted" text={why} /></li>)}</ul>
        </section>
      </div>
    </Panel>
  )
}
