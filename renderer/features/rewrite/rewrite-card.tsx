import { useEffect, useId, useRef } from 'react'
import { useSay, type Say } from '../../texts/texts.ts'
import { EngineText } from '../../ui/engine-text.tsx'
import { bytes, short } from '../../ui/format.ts'
import { costOf, type Cost, type Place } from './matches.ts'
import { optionsOf, type RewriteOption } from './options.ts'
import { isTicked, placeOption, tickedOf, withMatch, withOption, withPlaceOption, withRewrite, type FoundRewrite, type Plan } from './plan.ts'

interface RewriteCardProps {
  readonly rewrite: FoundRewrite
  readonly places: readonly Place[]
  readonly refused: FoundRewrite['refused']
  readonly plan: Plan
  readonly onPlan: (plan: Plan) => void
}

/** One rewrite: whether it is wished for, its settings, every place with reason and cost, and the places that it refuses. */
export function RewriteCard({ rewrite: { name, kind, auto }, places, refused, plan, onPlan }: RewriteCardProps) {
  const say = useSay()
  const id = useId()
  const ticked = tickedOf(plan, name)
  const count = places.filter(({ node }) => isTicked(plan, name, node)).length
  const all = places.map(({ node }) => node)
  const isDone = ticked !== 'none' && (count > 0 || places.length === 0)
  const isPartly = isDone && count < places.length
  return (
    <li className="rewrite-card" data-rewrite={name} data-kind={kind} data-on={isDone || undefined}>
      <div className="rewrite-card-head">
        <Tick id={id} label={say(kind === 'repair' ? 'rewrite.tick.repair' : 'rewrite.tick', { name })} checked={isDone && !isPartly} mixed={isPartly} onChange={(on) => onPlan(withRewrite(plan, name, on))} />
        <label htmlFor={id} className="mono rewrite-name">{name}</label>
        <span className="rewrite-count number" title={say('rewrite.matches', { count: places.length })}>{count === places.length ? count : `${count}/${places.length}`}</span>
        {kind === 'repair' ? <span className="tag rewrite-tag" data-tone="warning"><span aria-hidden="true">⚠</span> {say('rewrite.repair')}</span> : auto ? <span className="tag" title={say('rewrite.auto.what')}>auto</span> : null}
      </div>
      {kind === 'repair' ? <p className="rewrite-warn">{say('rewrite.repair.what')}</p> : null}
      {places[0] === undefined ? (ticked === 'none' ? null : <p className="rewrite-why">{say('rewrite.fits-nowhere')}</p>) : <p className="rewrite-why"><EngineText text={places[0].match.why} /></p>}
      {isDone || places.length === 0 ? <Options rewrite={name} plan={plan} onPlan={onPlan} /> : null}
      {places.length === 0 ? null : (
        <details className="rewrite-places" open={places.length <= 3 || isPartly || plan[name]?.['places'] !== undefined || undefined}>
          <summary>{say('rewrite.matches', { count: places.length })}<CostText cost={costOf(places.map(({ match }) => match))} /></summary>
          <ul>{places.map((place) => <PlaceRow key={place.node} name={name} place={place} isOnly={places.length === 1} checked={isTicked(plan, name, place.node)} plan={plan} onPlan={onPlan} onChange={(on) => onPlan(withMatch(plan, name, place.node, on, all))} />)}</ul>
        </details>
      )}
      {refused.length === 0 ? null : (
        <details className="rewrite-refused">
          <summary>{say('rewrite.refused', { count: refused.length })}</summary>
          <ul>{refused.map(({ node, why }) => <li key={`${node} ${why}`}><span className="mono">{node}</span>: <EngineText text={why} /></li>)}</ul>
        </details>
      )}
    </li>
  )
}

interface PlaceRowProps {
  readonly name: string
  readonly place: Place
  readonly isOnly: boolean
  readonly checked: boolean
  readonly plan: Plan
  readonly onPlan: (plan: Plan) => void
  readonly onChange: (on: boolean) => void
}

function PlaceRow({ name, place: { node, match, isOpened }, isOnly, checked, plan, onPlan, onChange }: PlaceRowProps) {
  const say = useSay()
  return (
    <li data-off={!checked || undefined}>
      <label title={match.nodes.join(', ')}>
        {isOnly ? null : <input type="checkbox" checked={checked} aria-label={say('rewrite.tick.at', { name, node })} onChange={(event) => onChange(event.target.checked)} />}
        <span><span className="mono">{node}</span> <EngineText className="rewrite-what" text={match.what} />{isOpened ? <em> {say('rewrite.opened')}</em> : null}{isOnly ? null : <CostText cost={match.cost} />}</span>
      </label>
      {isOnly || !checked ? null : <PlaceOptions name={name} node={node} plan={plan} onPlan={onPlan} />}
    </li>
  )
}

interface PlaceOptionsProps {
  readonly name: string
  readonly node: string
  readonly plan: Plan
  readonly onPlan: (plan: Plan) => void
}

/** What one place does otherwise than its rewrite. */
function PlaceOptions({ name, node, plan, onPlan }: PlaceOptionsProps) {
  const say = useSay()
  const options = optionsOf(name)
  if (options.length === 0) return null
  const set = ({ name: option, choices }: RewriteOption, text: string): void => onPlan(withPlaceOption(plan, { name, node, option }, text === '' ? undefined : choices.find((choice) => String(choice) === text)))
  return (
    <div className="rewrite-options">
      {options.map((option) => {
        const own = placeOption(plan, name, node, option.name)
        return (
          <label key={option.name}>
            <span className="mono">{option.name}</span>
            <select className="field mono" value={own === undefined ? '' : String(own)} aria-label={say('rewrite.option.at', { rewrite: name, option: option.name, node })} onChange={(event) => set(option, event.target.value)}>
              <option value="">{say('rewrite.option.inherit')}</option>
              {option.choices.filter((choice) => choice !== null).map((choice) => <option key={String(choice)} value={String(choice)}>{String(choice)}</option>)}
            </select>
          </label>
        )
      })}
    </div>
  )
}

function Options({ rewrite, plan, onPlan }: { readonly rewrite: string; readonly plan: Plan; readonly onPlan: (plan: Plan) => void }) {
  const say = useSay()
  const options = optionsOf(rewrite)
  if (options.length === 0) return null
  const read = ({ name, choices }: RewriteOption): string => {
    const value = plan[rewrite]?.[name]
    return value === undefined ? String(choices[0]) : String(value)
  }
  const set = ({ name, choices }: RewriteOption, text: string): void => {
    const at = choices.findIndex((choice) => String(choice) === text)
    onPlan(withOption(plan, rewrite, name, at <= 0 ? undefined : choices[at]))
  }
  return (
    <div className="rewrite-options">
      {options.map((option) => (
        <label key={option.name}>
          <span className="mono">{option.name}</span>
          <select className="field mono" value={read(option)} aria-label={say('rewrite.option', { rewrite, option: option.name })} onChange={(event) => set(option, event.target.value)}>
            {option.choices.map((choice) => <option key={String(choice)} value={String(choice)}>{choice === null ? say('rewrite.option.fits') : String(choice)}</option>)}
          </select>
        </label>
      ))}
    </div>
  )
}

interface TickProps {
  readonly id: string
  readonly label: string
  readonly checked: boolean
  readonly mixed: boolean
  readonly onChange: (on: boolean) => void
}

function Tick({ id, label, checked, mixed, onChange }: TickProps) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = mixed
  }, [mixed])
  return <input ref={box} id={id} type="checkbox" checked={checked} aria-label={label} onChange={(event) => onChange(event.target.checked)} />
}

function CostText({ cost }: { readonly cost: Cost }) {
  const say = useSay()
  const text = costText(say, cost)
  return text === '' ? null : <span className="rewrite-cost number">{text}</span>
}

const signed = (value: number, write: (size: number) => string): string => `${value < 0 ? '−' : '+'}${write(Math.abs(value))}`

/** `+1.2 M MACs · −512.0 kB · 64 ch`: what is known of it, without what stays the same. */
export function costText(say: Say, { macs, bytesMoved, channelPeak }: Cost): string {
  return [
    macs === null || macs === 0 ? '' : `${signed(macs, short)} MACs`, bytesMoved === null || bytesMoved === 0 ? '' : say('rewrite.cost.bytes', { bytes: signed(bytesMoved, bytes) }),
    channelPeak === null ? '' : say('rewrite.cost.channels', { count: channelPeak }),
  ].filter(Boolean).join(' · ')
}
