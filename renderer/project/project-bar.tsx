import { Link, useLocation } from 'react-router'
import { useCall } from '../client.ts'
import { useSay, wordIn, type Say } from '../texts/texts.ts'
import { placeTo } from '../app/places.ts'
import { unrewrittenText } from './project-text.ts'
import { useProject, type Project } from './project.ts'
import { stepsOf, type Step } from './steps.ts'
import './project-bar.css'

const SHAPES = { done: '✓', stale: '!', open: '○', blocked: '–' } as const

/** Why a step stands as it does, in words. */
export function whyOf(say: Say, { state, because }: Step): string {
  const names = because.map((name) => wordIn(say, 'part', name)).join(', ')
  return state === 'stale' ? say('step.stale.why', { names }) : state === 'blocked' ? say('step.blocked.why', { names }) : say(`step.${state}`)
}

/** How many rewrites fit the project's model, where they were looked for already: the bar alone asks for nothing. */
function useFoundCount({ recipe }: Project): number | undefined {
  return useCall('rewrites.find', { recipe: unrewrittenText(recipe) }, { enabled: false }).data?.rewrites.filter(({ found }) => found.length > 0).length
}

interface ProjectBarProps {
  /** Shapes alone, where the bar has to hold more. */
  readonly compact: boolean
}

/** The steps of the project: how far it is, and why not further. */
export function ProjectBar({ compact }: ProjectBarProps) {
  const say = useSay()
  const here = useLocation().pathname.split('/').at(-1)
  const project = useProject()
  const count = useFoundCount(project)
  return (
    <nav aria-label={say('steps')}>
      <ol className="steps" data-compact={compact || undefined}>
        {stepsOf(project).map((step) => {
          const name = say(`place.${step.name}`)
          const found = step.name === 'rewrite' && count !== undefined ? say('rewrite.found.count', { count }) : null
          const why = [whyOf(say, step), found].filter(Boolean).join(', ')
          return (
            <li key={step.name}>
              <Link to={placeTo(step.name, project.ran?.id ?? null)} className="step" data-state={step.state} aria-current={step.name === here ? 'step' : undefined} title={`${name}: ${why}`}>
                <span className="step-shape" aria-hidden="true">{SHAPES[step.state]}</span>
                <span className={compact ? 'unseen' : undefined}>{name}</span>{compact || found === null ? null : <span className="step-found number">{count}</span>}<span className="unseen">, {why}</span>
              </Link>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}
