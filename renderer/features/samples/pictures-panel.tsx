import { useMemo } from 'react'
import type { ExplainedPreprocess, SamplesCoverage, SamplesLook, SamplesPart } from '../../../preload/contract/index.ts'
import type { RecipeJson } from '../../client.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { grouped } from '../../ui/format.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { Choice } from './fields.tsx'
import { CoverageView } from './coverage-view.tsx'
import { DropPanel } from './drop-panel.tsx'
import { PairsView } from './pairs-view.tsx'
import { PreprocessView } from './preprocess-view.tsx'
import { filesKey, type SharedKey } from './sample-place.ts'
import { ThumbnailGrid } from './thumbnail-grid.tsx'
import type { SamplesUpload } from './use-upload.ts'
import { orderOf, remarksOf } from './worth.ts'

const VIEWS = ['grid', 'form', 'pairs', 'worth'] as const
export type PicturesView = (typeof VIEWS)[number]

/** The view that an address names. */
export const viewOf = (name: string | null): PicturesView => VIEWS.find((view) => view === name) ?? 'grid'

interface PicturesPanelProps {
  readonly part: SamplesPart
  readonly place: RecipeJson
  readonly look: SamplesLook
  readonly coverage: SamplesCoverage | undefined
  readonly many: number | null
  readonly onMeasure: () => void
  readonly view: PicturesView
  readonly order: string
  readonly text: string
  readonly picked: number | null
  /** Changes of the address. */
  readonly onChange: (change: Readonly<Record<string, string>>) => void
  readonly upload: SamplesUpload
  readonly differs: readonly SharedKey[]
}

/** The files of a part: as thumbnails, as pairs, or as points by brightness and contrast. */
export function PicturesPanel({ part, place, look, coverage, many, onMeasure, view, order, text, picked, onChange, upload, differs }: PicturesPanelProps) {
  const say = useSay()
  const remarks = useMemo(() => remarksOf(look, coverage), [look, coverage])
  const files = useMemo(() => orderOf(look, remarks, order, text), [look, remarks, order, text])
  const views: readonly { readonly value: PicturesView; readonly name: string }[] = [
    { value: 'grid', name: say('samples.pictures') },
    ...(look.preprocess === null ? [] : [{ value: 'form' as const, name: say('samples.preprocess') }]),
    ...(part === 'evaluation' ? [{ value: 'pairs' as const, name: say('samples.pairs') }] : []),
    { value: 'worth', name: say('samples.coverage') },
  ]
  const shown = views.some(({ value }) => value === view) ? view : 'grid'
  const pick = (file: number): void => onChange({ file: look.names[file] ?? '', crop: '' })
  return (
    <DropPanel label={say('samples.pictures')} upload={upload}>
      <header className="panel-head">
        <Segmented label={say('samples.views')} value={shown} choices={views} onChange={(next) => onChange({ view: next === 'grid' ? '' : next })} />
        {shown === 'grid' ? (
          <>
            <span className="filter">
              <input className="field mono" data-filter type="search" spellCheck={false} value={text} onChange={(event) => onChange({ q: event.target.value })} placeholder={say('filter.names')} aria-label={say('filter.names')} />
              <span className="filter-count number" role="status">{grouped(files.length)}</span>
            </span>
            <Choice
              label={say('samples.order')} value={order === 'worst' ? 'worst' : 'name'} onChange={(next) => onChange({ order: next === 'worst' ? 'worst' : '' })}
              choices={[{ value: 'name', name: say('samples.order.name') }, { value: 'worst', name: say('samples.order.worst') }]}
            />
          </>
        ) : <span className="bar-space" />}
        {shown === 'form' && look.preprocess !== null ? <span className="panel-note">{givenText(say, look.preprocess)}</span> : null}
      </header>
      {shown === 'grid' ? (
        files.length === 0 ? <div className="empty"><p>{say('none-fit')}</p></div> : (
          <ThumbnailGrid label={say('samples.pictures')} place={place} part={part} filesKey={filesKey(place, part)} look={look} remarks={remarks} files={files} picked={picked} onPick={pick} />
        )
      ) : null}
      {shown === 'form' && look.preprocess !== null ? <PreprocessView part={part} look={look} preprocess={look.preprocess} differs={differs} /> : null}
      {shown === 'pairs' ? <PairsView look={look} remarks={remarks} picked={picked} onPick={pick} /> : null}
      {shown === 'worth' ? <CoverageView part={part} look={look} coverage={coverage} many={many} onMeasure={onMeasure} picked={picked} onPick={pick} /> : null}
    </DropPanel>
  )
}

function givenText(say: Say, preprocess: ExplainedPreprocess): string {
  const given = Object.values(preprocess).filter((each) => each.given).length
  return given === 0 ? say('samples.all-guessed') : say('samples.some-given', { count: given })
}
