import { Link } from 'react-router'
import { placeTo } from '../../app/places.ts'
import { whyOf } from '../../project/project-bar.tsx'
import { beginProject, useProject } from '../../project/project.ts'
import { stepsOf } from '../../project/steps.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { modelName } from '../../ui/format.ts'

/** What is worked on in this window and the next thing to do; where there is nothing, the way to begin with a model of one's own. */
export function ProjectPanel() {
  const say = useSay()
  const project = useProject()
  const model = project.recipe['model']
  if (typeof model !== 'string') {
    return (
      <section className="panel strip" aria-label={say('own.title')}>
        <div><h2>{say('own.title')}</h2><p>{say('own.what')}</p></div>
        <Link className="button" to="/model">{say('own.choose')}</Link>
      </section>
    )
  }
  // Rewriting may be left out, so nobody is sent there.
  const steps = stepsOf(project).filter(({ name }) => name !== 'rewrite')
  const next = steps.find(({ state }) => state === 'open' || state === 'stale') ?? steps.at(-1)!
  return (
    <section className="panel strip" aria-label={say('project')}>
      <div><h2><span className="muted">{say('project')}</span> <span className="mono" title={model}>{modelName(model)}</span></h2><p>{say(`place.${next.name}`)}: {whyOf(say, next)}</p></div>
      <span className="strip-acts">
        <Button onClick={() => beginProject({ recipe: {} })}>{say('project.leave')}</Button>
        <Link className="button" to={placeTo(next.name, project.ran?.id ?? null)}>{say('project.go-on', { step: say(`place.${next.name}`) })}</Link>
      </span>
    </section>
  )
}
