import './open.css'
import { useEffect, useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { call } from '../../client.ts'
import { beginProject, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { fileName } from '../../ui/format.ts'

/**
 * What was handed over from outside the window: a double-clicked model or project. It begins a new project; one that is being
 * prepared is put aside only when the person says so.
 */
export function OpenScreen() {
  const say = useSay()
  const navigate = useNavigate()
  const path = useSearchParams()[0].get('path') ?? ''
  const { recipe } = useProject()
  const [fault, setFault] = useState<unknown>(null)
  const isSame = path !== '' && recipe['model'] === path
  const isFree = Object.keys(recipe).length === 0

  async function begin(): Promise<void> {
    setFault(null)
    try {
      const begun = /\.qproj$/i.test(path) ? (await call('recipe.open', { path })).recipe : { model: path }
      beginProject({ recipe: begun })
      await navigate('/model', { replace: true })
    } catch (thrown) {
      setFault(thrown)
    }
  }

  useEffect(() => {
    if (path === '' || isSame) void navigate('/model', { replace: true })
    else if (isFree) void begin()
    // Once for each file: what the project is afterwards is no reason to begin it again.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [path])

  return (
    <Screen crumbs={[{ name: say('open.title', { file: fileName(path) }) }]}>
      <section className="panel open" aria-label={say('open.title', { file: fileName(path) })}>
        <p className="mono open-path" title={path}>{path}</p>
        {fault === null ? null : <FaultNotice fault={fault} />}
        {isFree && fault === null ? null : (
          <>
            {isFree ? null : <p>{say('open.aside', { model: fileName(String(recipe['model'] ?? '')) })}</p>}
            <div className="open-acts">
              <Button tone="primary" onClick={() => void begin()}>{say(fault === null ? 'open.begin' : 'open.again')}</Button>
              <Button onClick={() => void navigate('/')}>{say('open.keep')}</Button>
            </div>
          </>
        )}
      </section>
    </Screen>
  )
}
