import { useState } from 'react'
import { Link } from 'react-router'
import { call } from '../../client.ts'
import { beginProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { fileName } from '../../ui/format.ts'

/** Lies beside the bundled model, and takes the same pictures. */
const TROUBLED = 'troubled_x2.onnx'

/** Nothing can be rewritten before there is a model. */
export function NoModel() {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  async function takeTroubled(): Promise<void> {
    const { recipe } = await call('recipe.bundled', {})
    const model = String(recipe['model'])
    beginProject({ recipe: { ...recipe, model: model.slice(0, -fileName(model).length) + TROUBLED } })
  }
  return (
    <section className="panel empty" aria-label={say('place.rewrite')}>
      <h2>{say('rewrite.no-model')}</h2>
      <p>{say('rewrite.no-model.what')}</p>
      <div className="empty-acts">
        <Link className="button" data-tone="primary" to="/model?choose=1">{say('rewrite.no-model.choose')}</Link>
        <Button onClick={() => void takeTroubled().catch(setFault)}>{say('rewrite.no-model.bundled')}</Button>
      </div>
      {fault === null ? null : <FaultNotice fault={fault} />}
    </section>
  )
}
