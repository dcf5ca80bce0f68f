import { JobList } from '../../app/job-list.tsx'
import { Screen } from '../../app/screen.tsx'
import { useSay } from '../../texts/texts.ts'
import { Panel } from '../../ui/panel.tsx'

export function JobsScreen() {
  const say = useSay()
  return (
    <Screen crumbs={[{ name: say('jobs') }]}>
      <div className="narrow"><Panel title={say('jobs.queue')} aside={<span className="panel-note">{say('jobs.queue.note')}</span>}><JobList /></Panel></div>
    </Screen>
  )
}
