import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../../client.ts'
import { changeProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'

/** Nothing can be calibrated before there is a model. */
export function NoModel() {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  async function takeBundled(): Promise<void> {
    const { recipe } = await call('recipe.bundled', {})
    changeProject({ recipe, job: null, ran: null })
  }
  return (
    <section className="panel empty" aria-label={say('place.calibrate')}>
      <h2>{say('calibrate.no-model')}</h2>
      <p>{say('calibrate.no-model.what')}</p>
      <div className="run-acts">
        <Link className="button" data-tone="primary" to="/model">{say('calibrate.no-model.choose')}</Link>
        <Button onClick={() => void takeBundled().catch(setFault)}>{say('calibrate.no-model.bundled')}</Button>
      </div>
      {fault === null ? null : <FaultNotice fault={fault} />}
    </section>
  )
}
