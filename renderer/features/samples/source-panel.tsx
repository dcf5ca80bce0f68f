import { IconRefresh } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { SamplesLook, SamplesPart } from '../../../preload/contract/index.ts'
import { call } from '../../client.ts'
import { recipeAt, setRecipe, useProject } from '../../project/project.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { grouped } from '../../ui/format.ts'
import { UploadButtons } from './drop-panel.tsx'
import { NumberField, TextField } from './fields.tsx'
import { globsFrom, globsText, wholeFrom } from './preprocess-form.ts'
import { PARTS, pathOf } from './sample-place.ts'
import type { SamplesUpload } from './use-upload.ts'

interface SourcePanelProps {
  readonly part: SamplesPart
  readonly looks: Readonly<Record<SamplesPart, SamplesLook | undefined>>
  readonly onPart: (part: SamplesPart) => void
  readonly onAgain: () => void
  readonly upload: SamplesUpload
  /** Stands in the head. */
  readonly aside?: ReactNode
  /** What stands below the fields: faults, banners. */
  readonly children?: ReactNode
}

/** Which pictures or arrays: the part, where they come from, which of them are taken. */
export function SourcePanel({ part, looks, onPart, onAgain, upload, aside, children }: SourcePanelProps) {
  const say = useSay()
  const { recipe } = useProject()
  const at = (key: string): unknown => recipeAt(recipe, ['samples', part, key])
  const set = (key: string, value: unknown): void => setRecipe(['samples', part, key], value)
  const number = (key: string): number | null => (typeof at(key) === 'number' ? (at(key) as number) : null)
  const look = looks[part]
  const isChosen = pathOf(recipe, part) !== ''
  return (
    <section className="panel samples-source" aria-label={say('samples.source')}>
      <header className="panel-head">
        <div className="tabs" role="tablist" aria-label={say('samples.parts')}>
          {PARTS.map((each) => (
            <button
              key={each} type="button" role="tab" id={`samples-tab-${each}`} aria-selected={each === part} aria-controls="samples-part" tabIndex={each === part ? 0 : -1} onClick={() => onPart(each)}
              onKeyDown={(event) => {
                if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
                const next = PARTS.find((other) => other !== each)!
                onPart(next)
                document.querySelector<HTMLElement>(`#samples-tab-${next}`)?.focus()
              }}
            >
              {say(`samples.part.${each}`)} <span className="number muted">{pathOf(recipe, each) === '' ? '–' : countOf(looks[each])}</span>
            </button>
          ))}
        </div>
        <span className="panel-note">{say(`samples.part.${part}.what`)}</span>
        <span className="bar-space" />
        {aside}
        {isChosen ? <span className="samples-count" role="status">{countText(say, look)}</span> : null}
        {isChosen ? <Button tone="quiet" onClick={onAgain} title={say('samples.again.what')}><IconRefresh size={15} aria-hidden /> {say('samples.again')}</Button> : null}
      </header>
      <div className="samples-fields">
        <label className="samples-field samples-field-path">{say('samples.path')}<TextField label={say('samples.path')} value={pathOf(recipe, part)} placeholder={say('samples.path.hint')} onChange={(path) => set('path', path === '' ? undefined : path)} /></label>
        <Button onClick={() => void takeBundled(part)}>{say('samples.bundled')}</Button>
        {isChosen ? (
          <>
            <UploadButtons upload={upload} isShort />
            <label className="samples-field">{say('samples.include')}<TextField label={say('samples.include')} value={globsText(at('include'))} placeholder="*.png" onChange={(text) => set('include', globsFrom(text))} /></label>
            <label className="samples-field">{say('samples.exclude')}<TextField label={say('samples.exclude')} value={globsText(at('exclude'))} placeholder="–" onChange={(text) => set('exclude', globsFrom(text))} /></label>
            <label className="samples-field">{say('samples.count')}<NumberField label={say('samples.count')} value={number('count')} read={(text) => wholeFrom(text, 1)} placeholder={say('samples.all')} onChange={(count) => set('count', count)} onClear={() => set('count', undefined)} /></label>
            <label className="samples-field">{say('samples.seed')}<NumberField label={say('samples.seed')} value={number('seed')} read={(text) => wholeFrom(text, 0)} placeholder="0" onChange={(seed) => set('seed', seed)} onClear={() => set('seed', undefined)} /></label>
          </>
        ) : null}
      </div>
      {children}
    </section>
  )
}

/** The samples of the bundled project, whatever model they are for. */
export async function takeBundled(part: SamplesPart): Promise<void> {
  const { recipe } = await call('recipe.bundled', {})
  setRecipe(['samples', part], recipeAt(recipe, ['samples', part]))
}

const countOf = (look: SamplesLook | undefined): string => (look === undefined || look.count === null ? '…' : grouped(look.count))

function countText(say: Say, look: SamplesLook | undefined): string {
  if (look === undefined) return '…'
  if (look.count === null) return say('samples.looking', { done: grouped(look.seen.done), total: grouped(look.seen.total) })
  return say('samples.come-out', { samples: grouped(look.count), files: grouped(look.names.length) })
}
