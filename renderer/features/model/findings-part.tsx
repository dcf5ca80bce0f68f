import { useMemo } from 'react'
import { Link } from 'react-router'
import { useCall, type Finding, type RecipeJson } from '../../client.ts'
import { unrewrittenText } from '../../project/project-text.ts'
import { useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { FindingList, findingCounts } from '../../ui/finding-list.tsx'

interface FindingsPartProps {
  /** Path of the model that is looked at. */
  readonly model: string
  readonly onPlace: (finding: Finding) => void
}

/** What goes wrong in the model as it came, on the project's board; notes are folded where there is more. */
export function FindingsPart({ model, onPlace }: FindingsPartProps) {
  const say = useSay()
  const { recipe } = useProject()
  const text = useMemo(() => unrewrittenText(audited(recipe, model)), [recipe, model])
  const { data, error } = useCall('models.audit', { recipe: text }, { staleTime: Infinity, keepPrevious: true })
  const findings = data?.findings ?? []
  const [grave, notes] = [findings.filter(({ severity }) => severity !== 'note'), findings.filter(({ severity }) => severity === 'note')]
  return (
    <section className="model-part model-findings" aria-label={say('findings')}>
      <h4>{say('findings')}{findings.length === 0 ? null : <span className="muted number"> {findingCounts(say, findings)}</span>}</h4>
      {error === null ? null : <FaultNotice fault={error} />}
      {error === null && data === undefined ? <p className="muted" role="status">{say('finding.looking')}</p> : null}
      {data !== undefined && data.board === null ? <p className="muted">{say('finding.no-board')} <Link to="/calibrate?step=target">{say('finding.choose-board')}</Link></p> : null}
      {data !== undefined && findings.length === 0 ? <p className="muted">✓ {say('finding.none')}</p> : null}
      {grave.length === 0 ? null : <FindingList findings={grave} model={model} onPlace={onPlace} />}
      {notes.length === 0 ? null : (
        <details open={grave.length === 0 || undefined}>
          <summary>{say('finding.count.note', { count: notes.length })}</summary>
          <FindingList findings={notes} model={model} onPlace={onPlace} />
        </details>
      )}
    </section>
  )
}

/** The draft where it is about this model; of another one its board alone. */
const audited = (recipe: RecipeJson, model: string): RecipeJson => (recipe['model'] === model ? recipe : { model, ...(recipe['board'] === undefined ? {} : { board: recipe['board'] }) })
