import { useState, type ReactNode } from 'react'
import { useSay, type Say } from '../../texts/texts.ts'
import { fixed, grouped, significant } from '../../ui/format.ts'
import type { Bounds, End } from './axis.ts'
import type { Answer } from './what-if.ts'

interface ReadoutProps {
  readonly range: Bounds
  readonly was: Bounds
  readonly ends: readonly End[]
  readonly answer: Answer | undefined
  readonly before: Answer | undefined
  /** The answer is of the range before: the next one is on its way. */
  readonly isOld: boolean
  readonly isChanged: boolean
  readonly values: number
  readonly onType: (end: End, value: number) => void
}

/** What the range costs, told from stored statistics; beside it what it cost before. */
export function Readout({ range, was, ends, answer, before, isOld, isChanged, values, onType }: ReadoutProps) {
  const say = useSay()
  const wasText = (text: string): string => (isChanged ? say('layers.was', { value: text }) : '')
  return (
    <>
      <dl className="readout" data-old={isOld || undefined}>
        <Item name={say(ends.length === 1 ? 'layers.threshold' : 'range')} remark={wasText(ends.length === 1 ? significant(was[ends[0]!], 5) : `${significant(was.lo, 4)} … ${significant(was.hi, 4)}`)}>
          <span className="readout-ends">
            {ends.map((end) => <EndField key={end} end={end} value={range[end]} label={say(end === 'hi' ? 'layers.high-typed' : 'layers.low-typed')} onType={onType} />)}
          </span>
        </Item>
        <Item name={say('layers.step')} remark={wasText(significant(before?.step, 4))}>{significant(answer?.step, 4)}</Item>
        <Item name={say('layers.clipped')} remark={isChanged ? wasText(fixed(before?.clippedPercent, 3)) : answer === undefined ? '' : clippedText(say, Math.round((answer.clippedPercent / 100) * values))}>
          {fixed(answer?.clippedPercent, 3)}
        </Item>
        <Item name={say('layers.predicted')} remark={wasText(fixed(before?.predictedSqnrDb, 2))} unit="dB" tone={toneOf(answer, before)}>{fixed(answer?.predictedSqnrDb, 2)}</Item>
      </dl>
      <Split answer={answer} />
    </>
  )
}

const clippedText = (say: Say, count: number): string => say('layers.values-clipped', { count, shown: grouped(count) })

const toneOf = (answer: Answer | undefined, before: Answer | undefined): 'good' | 'bad' | undefined => {
  if (answer === undefined || before === undefined) return undefined
  const gain = answer.predictedSqnrDb - before.predictedSqnrDb
  return Math.abs(gain) < 0.005 ? undefined : gain > 0 ? 'good' : 'bad'
}

interface ItemProps {
  readonly name: string
  readonly unit?: string
  readonly remark: string
  readonly tone?: 'good' | 'bad' | undefined
  readonly children: ReactNode
}

function Item({ name, unit, remark, tone, children }: ItemProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="readout-value number" data-tone={tone}>{tone === undefined ? null : <span className="readout-sign" aria-hidden="true">{tone === 'good' ? '▲' : '▼'}</span>}{children}{unit === undefined ? null : <small>{unit}</small>}</dd>
      <dd className="readout-remark number" title={remark}>{remark}</dd>
    </div>
  )
}

interface EndFieldProps {
  readonly end: End
  readonly value: number
  readonly label: string
  readonly onType: (end: End, value: number) => void
}

/** A number that can be typed; taken with Enter or when the field is left, given back with Escape. */
function EndField({ end, value, label, onType }: EndFieldProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const number = typed === null || typed.trim() === '' ? NaN : Number(typed.trim().replaceAll('−', '-'))
  const isWrong = typed !== null && !(Number.isFinite(number) && (end === 'hi' ? number >= 0 : number <= 0))
  function take(): void {
    if (typed !== null && !isWrong && number !== value) onType(end, number)
    setTyped(null)
  }
  return (
    <input
      className="readout-field number" inputMode="decimal" aria-label={label} aria-invalid={isWrong} value={typed ?? significant(value, 5)} spellCheck={false}
      onFocus={(event) => event.target.select()} onChange={(event) => setTyped(event.target.value)} onBlur={take}
      onKeyDown={(event) => { if (event.key === 'Enter') take(); else if (event.key === 'Escape') setTyped(null) }}
    />
  )
}

/** How the expected error parts into rounding and clipping. */
function Split({ answer }: { readonly answer: Answer | undefined }) {
  const say = useSay()
  const total = answer === undefined ? 0 : answer.rounding + answer.clipping
  const clipping = answer === undefined || total === 0 ? 0 : (100 * answer.clipping) / total
  return (
    <div className="split">
      <span className="split-part">{say('layers.rounding')} <b className="number">{total === 0 ? '–' : `${fixed(100 - clipping, 0)} %`}</b></span>
      <span className="split-bar" aria-hidden="true"><span style={{ width: `${100 - clipping}%` }} /><span style={{ width: `${clipping}%` }} /></span>
      <span className="split-part">{say('layers.clipping')} <b className="number">{total === 0 ? '–' : `${fixed(clipping, 0)} %`}</b></span>
      <span className="split-note">{say('layers.nothing-run')}</span>
    </div>
  )
}
