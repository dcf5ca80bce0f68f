import type { ReactNode } from 'react'
import { useCall } from '../../client.ts'
import { recipeAt, setRecipe, useProject } from '../../project/project.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { shortRun } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { useWhyNot } from '../../ui/use-writable.ts'
import { Choice, NumberField } from '../calibrate/fields.tsx'
import { HeldForm, useHeld } from './held-form.tsx'
import { isInterrupted } from './trials.ts'
import '../calibrate/settings.css'
import type { TunePart } from './tune-screen.tsx'

const AXES: readonly (readonly [axis: string, name: TextKey])[] = [
  ['method', 'tune.axis.method'], ['granularity', 'tune.axis.granularity'], ['preset', 'tune.axis.preset'], ['symmetric', 'tune.axis.symmetric'], ['equalize', 'tune.axis.equalize'],
  ['bias', 'tune.axis.bias'], ['rounding', 'tune.axis.rounding'], ['weight-scale', 'tune.axis.weight-scale'], ['layers', 'tune.axis.layers'], ['float', 'tune.axis.float'],
]

/** What a metric that has settings begins with. */
const START: Readonly<Record<string, unknown>> = { detection: { kind: 'detection', decode: 'fastestdet' } }

/** A search as a form: its budget, what it may change, which samples score it and by what; how it is begun and continued. */
export function SearchForm({ run, runs, work, recipe: text, children }: TunePart & { readonly children: ReactNode }) {
  const say = useSay()
  const whyNot = useWhyNot()
  const { recipe } = useProject()
  const held = useHeld(recipe)
  const checked = useCall('recipe.check', { text }).data
  const at = (key: string): unknown => recipeAt(recipe, ['tune', key])
  const set = (key: string, value: unknown): void => setRecipe(['tune', key], value)
  const axes = (at('axes') as readonly string[] | undefined) ?? AXES.map(([axis]) => axis)
  const toggle = (axis: string): void => {
    const next = AXES.map(([each]) => each).filter((each) => axes.includes(each) !== (each === axis))
    set('axes', next.length === AXES.length || next.length === 0 ? undefined : next)
  }
  const isWrong = checked?.ok === false
  const why = whyNot ?? (work.isRunning ? say('tune.busy') : isWrong ? say('tune.search.wrong') : held.leaks || held.fault !== null ? say('tune.held.refused') : undefined)
  const cut = runs.find((each) => isInterrupted(each, runs))
  const budget = at('minutes') === undefined && at('trials') === undefined
  return (
    <>
      <div className="tune-side-scroll">
        {children}
        <Panel title={say('tune.search.setup')}>
          <div className="search-form">
            <fieldset className="search-budget">
              <legend>{say('tune.search.budget')}</legend>
              <label>{say('tune.minutes')}<NumberField value={at('minutes')} placeholder={budget ? '10' : '–'} onChange={(value) => set('minutes', value)} /></label>
              <label>{say('tune.trials')}<NumberField value={at('trials')} placeholder="–" onChange={(value) => set('trials', value)} /></label>
              <label title={say('tune.seed.what')}>{say('samples.seed')}<NumberField value={recipe['seed']} placeholder="0" onChange={(value) => setRecipe(['seed'], value)} /></label>
            </fieldset>
            <HeldForm held={held} />
            <label>{say('tune.score')}<Score value={at('score')} judged={recipeAt(recipe, ['samples', 'evaluation', 'metric'])} guessed={held.look?.output.metric} onChange={(score) => set('score', score)} /></label>
            <fieldset>
              <legend>{say('tune.axes')}</legend>
              {AXES.map(([axis, name]) => <label key={axis} className="check"><input type="checkbox" checked={axes.includes(axis)} onChange={() => toggle(axis)} /> {say(name)}</label>)}
            </fieldset>
            <label title={say('tune.float-share.what')}>{say('tune.float-share')}<NumberField value={at('floatShare')} placeholder="0" onChange={(value) => set('floatShare', value)} /></label>
          </div>
        </Panel>
      </div>
      <section className="panel tune-act" aria-label={say('tune.search.start')}>
        {isWrong ? <FaultNotice fault={checked.fault} /> : null}
        <div className="tune-foot">
          <Button tone="primary" disabled={why !== undefined} title={why ?? say('tune.search.what')} onClick={() => work.start({ kind: 'tune', mode: 'search', recipe: text, parent: run.run })}>{say('tune.search.start')}</Button>
          {cut === undefined ? null : <Button disabled={why !== undefined} title={why ?? say('tune.continue.what', { run: shortRun(cut.run), count: cut.trials!.length })} onClick={() => work.start({ kind: 'tune', mode: 'search', recipe: JSON.stringify(resumed(cut, recipe)), resume: cut.run })}>{say('tune.continue')}</Button>}
        </div>
      </section>
    </>
  )
}

interface ScoreProps {
  readonly value: unknown
  /** The metric of the evaluation, where the recipe names one, and else what would be guessed. */
  readonly judged: unknown
  readonly guessed: string | undefined
  readonly onChange: (value: unknown) => void
}

const kindOf = (metric: unknown): string => (typeof metric === 'string' ? metric : ((metric as { readonly kind?: string } | undefined)?.kind ?? ''))

/** `tune.score`: what trials are compared by. A program of one's own is named in the recipe's file alone. */
function Score({ value, judged, guessed, onChange }: ScoreProps) {
  const say = useSay()
  const metrics = useCall('recipe.choices', {}).data?.metrics ?? []
  const kind = kindOf(value)
  const names = [...new Set([...metrics.filter((name) => name !== 'module' && name !== 'none'), ...(kind === '' ? [] : [kind])])]
  const pick = (name: string): void => onChange(name === '' ? undefined : name === kindOf(judged) ? judged : (START[name] ?? name))
  return <Choice label={say('tune.score')} value={kind} onChange={pick} choices={[{ value: '', name: say('tune.score.judged', { metric: kindOf(judged) || (guessed ?? '…') }) }, ...names.map((name) => ({ value: name, name }))]} />
}

/** The recipe of a search that goes on: its own, with the budget that stands in the form. */
const resumed = (run: { readonly recipe?: unknown }, recipe: Readonly<Record<string, unknown>>): unknown => ({ ...(run.recipe as object), ...(recipe['tune'] === undefined ? {} : { tune: recipe['tune'] }) })
