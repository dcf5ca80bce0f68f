import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import type { SamplesLook, SamplesPart } from '../../../preload/contract/index.ts'
import { Screen } from '../../app/screen.tsx'
import { faultOf, useCall, type FaultData, type RecipeJson } from '../../client.ts'
import { NoModel } from '../../project/no-model.tsx'
import { setRecipe, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { useFaultWords } from '../../ui/fault-words.ts'
import { useAddress } from '../../ui/use-address.ts'
import { Ghost, NoSamples } from './empty-samples.tsx'
import { LeakBanner, LeakNote } from './leak-banner.tsx'
import { PicturesPanel, viewOf } from './pictures-panel.tsx'
import { PreviewPanel, type Reading } from './preview-panel.tsx'
import { differing, pathOf, placeOf } from './sample-place.ts'
import { SourcePanel } from './source-panel.tsx'
import { Spellings } from './spellings.tsx'
import { forgetThumbnails } from './thumbnails.ts'
import { useSamplesUpload, type SamplesUpload } from './use-upload.ts'
import { MOST_UNASKED, useCoverage, useLeak, useLook, usePreview, useSettled } from './use-samples.ts'
import './samples.css'
import './pictures.css'

const NO_MODEL = { label: 'place.samples', title: 'samples.no-model', what: 'samples.no-model.what', choose: 'samples.no-model.choose', bundled: 'samples.no-model.bundled' } as const

/** Pictures or arrays to calibrate and to judge with, and how they become what the model takes. */
export function SamplesScreen() {
  const say = useSay()
  const { recipe } = useProject()
  if (typeof recipe['model'] !== 'string') {
    return (
      <Screen crumbs={[{ name: say('place.samples') }]}>
        <NoModel {...NO_MODEL} className="samples-empty"><Ghost /></NoModel>
      </Screen>
    )
  }
  return <SamplesOf recipe={recipe} />
}

function SamplesOf({ recipe: now }: { readonly recipe: RecipeJson }) {
  const say = useSay()
  const queries = useQueryClient()
  const [parameters, set] = useAddress()
  const part: SamplesPart = parameters.get('part') === 'evaluation' ? 'evaluation' : 'calibration'
  const recipe = useSettled(now)
  const calibration = useLook(recipe, 'calibration')
  const evaluation = useLook(recipe, 'evaluation')
  const looked = part === 'calibration' ? calibration : evaluation
  const isChosen = pathOf(now, part) !== ''
  const place = placeOf(recipe, [part])
  const look = isChosen && place !== undefined ? looked.data : undefined
  const upload = useSamplesUpload(part)
  const [asked, setAsked] = useState<ReadonlySet<string>>(new Set())
  const ask = (what: string): void => setAsked((known) => new Set([...known, what]))

  const drawn = look?.kind === 'pictures' ? drawnOf(look) : null
  const measures = drawn !== null && drawn > 0 && (drawn <= MOST_UNASKED || asked.has(part))
  const coverage = useCoverage(recipe, part, measures).data
  const both = drawnOf(calibration.data) + drawnOf(evaluation.data)
  const canLeak = placeOf(recipe, ['calibration', 'evaluation']) !== undefined && isKnown(calibration.data) && isKnown(evaluation.data)
  const leak = useLeak(recipe, canLeak && (both <= MOST_UNASKED || asked.has('leak')))

  function again(): void {
    forgetThumbnails()
    for (const name of ['samples.look', 'samples.preview', 'samples.coverage', 'samples.leak']) void queries.invalidateQueries({ queryKey: [name] })
  }

  const stop = look?.fault ?? (isChosen && looked.error !== null ? faultOf(looked.error) : null)
  const isOfPreprocess = stop !== null && /preprocess/.test(`${stop.where ?? ''} ${stop.what}`)
  return (
    <Screen crumbs={[{ name: say('place.samples') }]} action={<CalibrateAction recipe={recipe} calibration={calibration.data} fault={calibration.error} isTold={stop !== null && part === 'calibration'} />}>
      <div className="samples">
        <SourcePanel part={part} looks={{ calibration: calibration.data, evaluation: evaluation.data }} onPart={(next) => set({ part: next === 'calibration' ? '' : next, file: '', crop: '', q: '' })} onAgain={again} upload={upload} aside={canLeak ? <LeakNote leak={leak.data} many={both > MOST_UNASKED && !asked.has('leak') ? both : null} onCompare={() => ask('leak')} /> : null}>
          {stop === null || isOfPreprocess ? null : <FaultNotice fault={stop}><LeaveOut part={part} look={look} fault={stop} /></FaultNotice>}
          {canLeak ? <LeakBanner leak={leak.data} fault={leak.error} /> : null}
        </SourcePanel>
        <div className="samples-part" id="samples-part" role="tabpanel" aria-labelledby={`samples-tab-${part}`}>
          {look === undefined || place === undefined ? (isChosen && looked.error === null ? <section className="panel" data-grows /> : <NoSamples part={part} upload={upload} />) : (
            <Part
              key={part} part={part} place={place} look={look} recipe={recipe} parameters={parameters} onChange={set} fault={isOfPreprocess ? stop : null}
              coverage={coverage} many={drawn !== null && !measures && drawn > 0 ? drawn : null} onMeasure={() => ask(part)} upload={upload}
              differs={differing(look.preprocess, (part === 'calibration' ? evaluation : calibration).data?.preprocess)}
            />
          )}
        </div>
      </div>
    </Screen>
  )
}

const isKnown = (look: SamplesLook | undefined): boolean => look !== undefined && look.count !== null && !look.fault?.code.startsWith('recipe.')
const drawnOf = (look: SamplesLook | undefined): number => look?.drawn.reduce((count, times) => count + (times > 0 ? 1 : 0), 0) ?? 0

interface PartProps {
  readonly part: SamplesPart
  readonly place: RecipeJson
  readonly look: SamplesLook
  readonly recipe: RecipeJson
  readonly parameters: URLSearchParams
  readonly onChange: (change: Readonly<Record<string, string>>) => void
  readonly fault: FaultData | null
  readonly coverage: Parameters<typeof PicturesPanel>[0]['coverage']
  readonly many: number | null
  readonly onMeasure: () => void
  readonly upload: SamplesUpload
  readonly differs: ReturnType<typeof differing>
}

/** What the chosen part holds, left; what becomes of the picked file and why, right. */
function Part({ part, place, look, recipe, parameters, onChange, fault, coverage, many, onMeasure, upload, differs }: PartProps) {
  const say = useSay()
  const at = look.names.indexOf(parameters.get('file') ?? '')
  const picked = look.names.length === 0 ? null : Math.max(0, at)
  const drawn = picked === null ? 0 : (look.drawn[picked] ?? 0)
  const crop = Math.min(Math.max(0, Number(parameters.get('crop') ?? 0) || 0), Math.max(0, drawn - 1))
  const as: Reading = parameters.get('as') === 'stretched' ? 'stretched' : 'model'
  const preview = usePreview(recipe, part, { file: picked ?? 0, crop, as }, picked !== null && look.count !== null && fault === null)
  const view = viewOf(parameters.get('view'))
  return (
    <>
      <PicturesPanel
        part={part} place={place} look={look} coverage={coverage} many={many} onMeasure={onMeasure} view={view}
        order={parameters.get('order') ?? 'name'} text={parameters.get('q') ?? ''} picked={picked} onChange={onChange} upload={upload} differs={differs}
      />
      <div className="samples-side">
        {fault === null ? null : <FaultNotice fault={fault}>{view === 'form' ? null : <Button onClick={() => onChange({ view: 'form' })}>{say('samples.preprocess')}</Button>}</FaultNotice>}
        {picked === null ? null : <PreviewPanel name={look.names[picked]!} drawn={drawn} crop={crop} as={as} preview={preview.data} fault={fault === null ? preview.error : null} onChange={onChange} />}
        {preview.data === undefined || preview.data.spellings.length === 0 ? null : <Spellings spellings={preview.data.spellings} />}
      </div>
    </>
  )
}

/** Files that cannot be used may be left out, so many and no more. */
function LeaveOut({ part, look, fault }: { readonly part: SamplesPart; readonly look: SamplesLook | undefined; readonly fault: FaultData }) {
  const say = useSay()
  const out = look?.marks.reduce((count, marks) => count + (marks & 1), 0) ?? 0
  if (out === 0 || out === look?.names.length || !fault.code.startsWith('samples.') || fault.code === 'samples.count') return null
  return <Button onClick={() => setRecipe(['samples', part, 'skipLimit'], out)}>{say('samples.leave-out', { count: out })}</Button>
}

/** On to calibration, once the recipe is right and its samples can be used. `isTold`: why not stands elsewhere on the screen. */
function CalibrateAction({ recipe, calibration, fault, isTold }: { readonly recipe: RecipeJson; readonly calibration: SamplesLook | undefined; readonly fault: unknown; readonly isTold: boolean }) {
  const say = useSay()
  const navigate = useNavigate()
  const isChosen = pathOf(recipe, 'calibration') !== ''
  const checked = useCall('recipe.check', { text: JSON.stringify(recipe) }, { enabled: isChosen }).data
  const words = useFaultWords()
  const stop = fault !== null ? faultOf(fault) : (calibration?.fault ?? (checked?.ok === false ? checked.fault : null))
  const wrong = !isChosen ? say('samples.choose-first') : stop === null ? undefined : words(stop).title
  const isReady = wrong === undefined && checked?.ok === true && isKnown(calibration)
  return (
    <span className="samples-action">
      {wrong === undefined || isTold ? null : <span className="samples-wrong" title={wrong}>{wrong}</span>}
      <Button tone="primary" disabled={!isReady} title={wrong} onClick={() => void navigate('/calibrate')}>{say('samples.calibrate')} →</Button>
    </span>
  )
}
