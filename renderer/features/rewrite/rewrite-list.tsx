import { useEffect, useRef } from 'react'
import type { RewriteMatch, RewritePreview } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { matchesOf, type Place } from './matches.ts'
import { RewriteCard } from './rewrite-card.tsx'
import { optionsOf } from './options.ts'
import { tickedOf, type FoundRewrite, type Plan } from './plan.ts'

interface RewriteListProps {
  readonly rewrites: readonly FoundRewrite[]
  readonly plan: Plan
  readonly preview: RewritePreview | undefined
  /** The one that a finding led to: it is brought into sight. */
  readonly only: string | null
  readonly onPlan: (plan: Plan) => void
}

/** Every rewrite that found something, in the order in which they are done; repairs apart; what found nothing, folded. */
export function RewriteList({ rewrites, plan, preview, only, onPlan }: RewriteListProps) {
  const say = useSay()
  const cards = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (only !== null) cards.current?.querySelector(`[data-rewrite='${CSS.escape(only)}']`)?.scrollIntoView({ block: 'nearest' })
  }, [only])
  const places = new Map(rewrites.map((rewrite) => [rewrite.name, matchesOf(rewrite, stepMatches(preview, rewrite.name))]))
  const isShown = ({ name }: FoundRewrite): boolean => (places.get(name) ?? []).length > 0
  const isAsked = ({ name, auto }: FoundRewrite): boolean => tickedOf(plan, name) !== 'none' && !auto
  const [shown, others] = [rewrites.filter((each) => isShown(each) || isAsked(each)), rewrites.filter((each) => !isShown(each) && !isAsked(each))]
  const [proved, repairs] = [shown.filter(({ kind }) => kind === 'rewrite'), shown.filter(({ kind }) => kind === 'repair')]
  const card = (rewrite: FoundRewrite) => (
    <RewriteCard key={rewrite.name} rewrite={rewrite} places={places.get(rewrite.name) as readonly Place[]} refused={refusedOf(preview, plan, rewrite)} plan={plan} onPlan={onPlan} />
  )
  const near = others.filter(({ name, refused }) => refused.length > 0 || optionsOf(name).length > 0)
  return (
    <section className="panel rewrite-found" data-grows aria-label={say('rewrite.found')}>
      <header className="panel-head"><h2 className="panel-title">{say('rewrite.found')}</h2><span className="panel-note number">{say('rewrite.found.count', { count: shown.length })}</span></header>
      <div className="rewrite-cards" ref={cards} tabIndex={0} role="region" aria-label={say('rewrite.list.cards')}>
        {proved.length === 0 ? <p className="panel-text">{say('rewrite.found.none')}</p> : <ul>{proved.map(card)}</ul>}
        {repairs.length === 0 ? null : (
          <section className="repairs" aria-label={say('rewrite.repairs')}>
            <h3><span aria-hidden="true">⚠</span> {say('rewrite.repairs')}</h3>
            <p>{say('rewrite.repairs.what')}</p>
            <ul>{repairs.map(card)}</ul>
          </section>
        )}
        {near.length === 0 ? null : (
          <details className="rewrite-others">
            <summary>{say('rewrite.others', { count: near.length })}</summary>
            <ul>{near.map(card)}</ul>
          </details>
        )}
      </div>
    </section>
  )
}

const stepMatches = (preview: RewritePreview | undefined, name: string): readonly RewriteMatch[] => preview?.steps.filter(({ rewrite }) => rewrite === name).flatMap(({ matches }) => matches) ?? []

/** Near-misses: as the first look said, or as the preview does where options are others than the first look's. */
function refusedOf(preview: RewritePreview | undefined, plan: Plan, { name, refused }: FoundRewrite): FoundRewrite['refused'] {
  const { nodes: _nodes, ...options } = plan[name] ?? {}
  return preview === undefined || Object.keys(options).length === 0 ? refused : preview.refused.filter(({ rewrite }) => rewrite === name)
}
