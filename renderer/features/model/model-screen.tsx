import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import type { InspectReport, ModelRef } from '../../../preload/contract/index.ts'
import { Screen } from '../../app/screen.tsx'
import { useNamedJob } from '../../app/use-named-job.ts'
import { call, useCall, type RecipeJson } from '../../client.ts'
import { changeProject, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes, modelName, shortRun } from '../../ui/format.ts'
import { useAddress } from '../../ui/use-address.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import type { UploadProgress } from '../../upload.ts'
import { ChooseModel } from './choose-model.tsx'
import { FindingsPart } from './findings-part.tsx'
import { Importing } from './importing.tsx'
import { ModelCard } from './model-card.tsx'
import { modelViewOf, refText, type ModelView } from './model-view.ts'
import { NodePanel } from './node-panel.tsx'
import { useFileDrop } from './use-file-drop.ts'
import { useModelUpload, type CaffePair } from './use-upload.ts'
import { WeightsPart } from './weights-part.tsx'
import { withModel } from './with-model.ts'
import './model.css'

const GraphPanel = lazy(async () => ({ default: (await import('./graph/graph-panel.tsx')).GraphPanel }))

/** The model of the project: chosen, looked at, and taken. */
export function ModelScreen() {
  const say = useSay()
  const [parameters, onChange] = useAddress()
  const [, setParameters] = useSearchParams()
  const { recipe } = useProject()
  const view = modelViewOf(parameters)
  const choosing = parameters.has('choose')
  const own = typeof recipe['model'] === 'string' ? recipe['model'] : null
  const model: ModelRef | null = choosing ? null : (view.model ?? (own === null ? null : { kind: 'path', path: own }))
  const choose = (next: ModelRef): void => setParameters({ m: refText(next) })
  const [pair, setPair] = useState<CaffePair | null>(null)
  const importing = useNamedJob('import', parameters.get('import'), (job) => onChange({ import: job }))
  const upload = useModelUpload({
    onModel: (path) => choose({ kind: 'path', path }),
    onCaffe: (files) => { setPair(files); importing.start({ kind: 'import', ...files }) },
    onWeights: model === null || isQuantized(model) ? undefined : (path) => onChange({ side: 'weights', weights: path, taking: '' }),
  })
  const imported = parameters.has('import') && importing.job?.state === 'done' ? importing.job.run : null
  useEffect(() => { if (imported !== null) setParameters({ m: `float:${imported}` }, { replace: true }) }, [imported, setParameters])
  const writable = useWhyNot() === undefined
  const isAbove = useFileDrop((files) => { if (writable) upload.take(files) })
  const look = (
    <>
      {upload.progress === null ? null : <Uploading names={upload.names} progress={upload.progress} onStop={upload.stop} />}
      {upload.fault === null ? null : <FaultNotice fault={upload.fault}><Button onClick={() => upload.refuse(null)}>{say('close')}</Button></FaultNotice>}
      <Importing work={importing} pair={pair} onClose={() => onChange({ import: '' })} />
      {isAbove ? <div className="drop-here" role="status">{say(writable ? 'model.drop.now' : 'model.read-only')}</div> : null}
    </>
  )
  if (model === null) {
    return (
      <Screen crumbs={[{ name: say('place.model') }]} action={own === null ? null : <Link className="button" to="/model">{say('model.back')}</Link>}>
        <div className="choose-screen">{look}<ChooseModel writable={writable} onFiles={upload.take} onChoose={choose} /></div>
      </Screen>
    )
  }
  return <LookedAt key={refText(model)} model={model} own={own} view={view} onChange={onChange} onFiles={upload.take} onAnother={() => setParameters({ choose: '1' })}>{look}</LookedAt>
}

const isQuantized = (model: ModelRef): boolean => model.kind === 'run' && model.version === 'quantized'

interface UploadingProps {
  readonly names: readonly string[]
  readonly progress: UploadProgress
  readonly onStop: () => void
}

function Uploading({ names, progress: { sent, total }, onStop }: UploadingProps) {
  const say = useSay()
  return (
    <section className="panel uploading" aria-label={say('model.uploading')}>
      <p>{say('model.uploading')} <span className="mono">{names.join(', ')}</span></p>
      <progress max={Math.max(1, total)} value={sent} aria-label={say('model.uploading')} />
      <span className="number muted">{bytes(sent)} / {bytes(total)}</span>
      <Button onClick={onStop}>{say('cancel')}</Button>
    </section>
  )
}

interface LookedAtProps {
  readonly model: ModelRef
  /** Path of the project's model. */
  readonly own: string | null
  readonly view: ModelView
  readonly onChange: (change: Readonly<Record<string, string>>) => void
  readonly onFiles: (files: readonly File[]) => void
  readonly onAnother: () => void
  readonly children: ReactNode
}

/** One model: its graph, and beside it the card or what is selected. */
function LookedAt({ model, own, view, onChange, onFiles, onAnother, children }: LookedAtProps) {
  const say = useSay()
  const { board } = useProject().recipe
  const inspected = useCall('models.inspect', { model }, { staleTime: Infinity })
  // A large file is read by one at a time: the card is there before the others begin.
  const isRead = !inspected.isPending
  const drawn = useCall('models.graph', { model }, { enabled: isRead, staleTime: Infinity })
  const judged = useCall('models.inspect', { model, boards: [String(board)] }, { enabled: typeof board === 'string' && !drawn.isPending, staleTime: Infinity })
  const sha256 = drawn.data?.sha256
  const runs = useCall('runs.list', { model: sha256 ?? 'none', status: 'done', limit: 50 }, { enabled: sha256 !== undefined }).data?.runs
  const run = useCall('runs.show', { run: view.run ?? 'none' }, { enabled: view.run !== null })
  const { data: report, error } = inspected
  const graph = drawn.data
  const name = model.kind === 'run' && model.version === 'quantized' ? say('model.of-run', { run: shortRun(model.run) }) : modelName(report?.path ?? (model.kind === 'path' ? model.path : null))
  // Of what a run made the run itself says more.
  const hasFindings = !isQuantized(model)
  // Codes hold no weights that a checkpoint could give.
  const showsWeights = view.aboutWeights && hasFindings
  const showsNode = graph !== undefined && view.at !== null && !view.aboutModel && !showsWeights
  const tab = (which: 'model' | 'node' | 'weights', shown: boolean, text: string) => (
    <button type="button" role="tab" id={`side-${which}`} aria-controls="side" aria-selected={shown} disabled={which === 'node' && view.at === null} onClick={() => onChange({ side: which === 'weights' || (which === 'model' && view.at !== null) ? which : '' })}>{text}</button>
  )
  return (
    <Screen crumbs={[{ name: say('place.model') }, { name }]} action={<><Button onClick={onAnother}>{say('model.another')}</Button><Take model={model} own={own} report={report} /></>}>
      <div className="model">
        {children}
        <div className="model-main">
          {graph === undefined ? (
            <section className="panel graph-waits" data-grows aria-label={say('model.graph')}>
              {drawn.error === null ? <p className="panel-text" role="status">{say('model.reading')}</p> : <FaultNotice fault={drawn.error}><Button onClick={onAnother}>{say('model.another')}</Button></FaultNotice>}
            </section>
          ) : (
            <Suspense fallback={<section className="panel" data-grows />}>
              <GraphPanel graph={graph} name={name} view={view} run={view.run === null ? undefined : run.data?.run} runs={runs ?? []} onChange={onChange} />
            </Suspense>
          )}
          <aside className="panel model-side" aria-label={say('model.side')}>
            <div className="panel-head"><div className="tabs" role="tablist" aria-label={say('model.side')}>{tab('model', !showsNode && !showsWeights, say('model'))}{tab('node', showsNode, say('model.selection'))}{hasFindings ? tab('weights', showsWeights, say('model.weights')) : null}</div></div>
            <div className="model-side-body" id="side" role="tabpanel" aria-labelledby={`side-${showsWeights ? 'weights' : showsNode ? 'node' : 'model'}`} tabIndex={0}>
              {run.error === null ? null : <FaultNotice fault={run.error} />}
              {showsWeights ? <WeightsPart model={model} onFiles={onFiles} /> : showsNode && view.at !== null ? <NodePanel graph={graph} at={view.at} folded={view.folded} grouping={view.grouping} run={view.run === null ? undefined : run.data?.run} onChange={onChange} /> : (
                <>
                  {error === null || drawn.error !== null ? null : <FaultNotice fault={error} />}
                  {error !== null || judged.error === null ? null : <FaultNotice fault={judged.error} />}
                  {report === undefined ? <p className="panel-text" role="status">{say(error === null ? 'model.reading' : 'model.unusable')}</p> : <ModelCard report={report} boards={judged.data?.boards ?? []} name={name} findings={hasFindings ? <FindingsPart model={report.path} onPlace={({ node }) => { if (graph?.nodes.some((each) => each.name === node) === true) onChange({ at: `n:${node}`, side: 'model' }) }} /> : null} />}
                </>
              )}
            </div>
          </aside>
        </div>
      </div>
    </Screen>
  )
}

/** The one action: the model becomes the project's; once it is, the samples are next. */
function Take({ model, own, report }: { readonly model: ModelRef; readonly own: string | null; readonly report: InspectReport | undefined }) {
  const say = useSay()
  const navigate = useNavigate()
  const { recipe } = useProject()
  const [fault, setFault] = useState<unknown>(null)
  const made = useCall('runs.show', { run: model.kind === 'run' ? model.run : '-' }, { enabled: model.kind === 'run' && own !== null }).data?.run
  // The same graph with other weights: its samples and layers are the project's.
  const isSameGraph = made?.verb === 'weights' && (made.recipe as RecipeJson | undefined)?.['model'] === own
  if (report === undefined || isQuantized(model)) return null
  if (report.path === own) return <Link className="button" data-tone="primary" to="/samples">{say('model.next')}</Link>
  async function take(path: string): Promise<void> {
    try {
      changeProject({ recipe: model.kind === 'bundled' ? (await call('recipe.bundled', {})).recipe : isSameGraph ? { ...recipe, model: path } : withModel(recipe, path) })
      void navigate('/samples')
    } catch (error) {
      setFault(error)
    }
  }
  return (
    <>
      {fault === null ? null : <FaultNotice fault={fault} />}
      <Button tone="primary" title={own === null || isSameGraph ? undefined : say('model.use.what', { name: modelName(own) })} onClick={() => void take(report.path)}>{say('model.use')}</Button>
    </>
  )
}
