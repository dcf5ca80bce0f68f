import type { SamplesLeak, SamplesLook } from '../../../preload/contract/index.ts'
import { faultOf, type RecipeJson } from '../../client.ts'
import { recipeAt, setRecipe, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { grouped } from '../../ui/format.ts'
import { FieldFault, NumberField } from '../calibrate/fields.tsx'
import { UploadButtons } from '../samples/drop-panel.tsx'
import { TextField } from '../samples/fields.tsx'
import { Labels, References } from '../samples/judging.tsx'
import { globsFrom, globsText } from '../samples/preprocess-form.ts'
import { MOST_UNASKED, useLeak, useLook } from '../samples/use-samples.ts'
import { useFolderUpload } from '../samples/use-upload.ts'
import { cropOf, heldAsCalibration, heldAsEvaluation, withCrop, withFolder } from './held.ts'

const HELD = ['tune', 'samples'] as const

export interface Held {
  readonly path: string
  readonly look: SamplesLook | undefined
  readonly leak: SamplesLeak | undefined
  /** Why a search would refuse these samples; null: it would not, as far as it is known. */
  readonly fault: unknown
  /** The same pictures judge the winner. */
  readonly leaks: boolean
}

/** The held-back samples of the recipe, looked at as trials take them, and compared with the evaluation. */
export function useHeld(recipe: RecipeJson): Held {
  const path = recipeAt(recipe, [...HELD, 'path'])
  const isChosen = typeof path === 'string'
  const look = useLook(isChosen ? heldAsEvaluation(recipe) : {}, 'evaluation')
  const few = (look.data?.names.length ?? Infinity) <= MOST_UNASKED
  const leak = useLeak(isChosen ? heldAsCalibration(recipe) : {}, isChosen && few && typeof recipeAt(recipe, ['samples', 'evaluation', 'path']) === 'string')
  return {
    path: isChosen ? path : '', look: isChosen ? look.data : undefined, leak: isChosen ? leak.data : undefined, fault: isChosen ? (look.error ?? look.data?.fault ?? null) : null,
    leaks: isChosen && (leak.data?.same ?? 0) > 0,
  }
}

/** Which samples trials are scored on, and by what. */
export function HeldForm({ held }: { readonly held: Held }) {
  const say = useSay()
  const { recipe } = useProject()
  const at = (key: string): unknown => recipeAt(recipe, [...HELD, key])
  const set = (key: string, value: unknown): void => setRecipe([...HELD, key], value)
  const take = (path: string): void => setRecipe(HELD, withFolder(recipe, path))
  const upload = useFolderUpload(take)
  const output = held.look?.output
  const judged = cropOf(recipe, ['samples', 'evaluation'])
  return (
    <fieldset className="held">
      <legend>{say('tune.held')}</legend>
      <label className="held-wide">{say('samples.path')}<TextField label={say('samples.path')} value={held.path} placeholder="held-back/" onChange={take} /></label>
      <div className="tune-acts held-wide">
        <UploadButtons upload={upload} isShort />
        {held.path === '' ? null : <Button tone="quiet" onClick={() => take('')}>{say('tune.held.clear')}</Button>}
        {upload.progress === null ? null : <><progress max={Math.max(1, upload.progress.total)} value={upload.progress.sent} aria-label={say('samples.upload')} /><Button tone="quiet" onClick={upload.stop}>{say('cancel')}</Button></>}
      </div>
      {upload.fault === null ? null : <div className="held-wide"><FieldFault fault={faultOf(upload.fault)} /></div>}
      {held.path === '' ? null : (
        <>
          <label>{say('samples.include')}<TextField label={say('samples.include')} value={globsText(at('include'))} placeholder="*.png" onChange={(text) => set('include', globsFrom(text))} /></label>
          <label>{say('samples.exclude')}<TextField label={say('samples.exclude')} value={globsText(at('exclude'))} placeholder="–" onChange={(text) => set('exclude', globsFrom(text))} /></label>
          <label>{say('samples.count')}<NumberField value={at('count')} placeholder={say('samples.all')} onChange={(count) => set('count', count)} /></label>
          {held.look?.kind === 'arrays' ? null : <label title={say('tune.held.crop.what')}>{say('tune.held.crop')}<NumberField value={cropOf(recipe)} placeholder={judged === undefined ? say('tune.held.whole') : String(judged)} onChange={(side) => set('preprocess', withCrop(recipe, side))} /></label>}
          <div className="held-wide held-judged">
            {output?.kind === 'picture' ? <References part={HELD} /> : null}
            {output !== undefined && /^(?:topk|detection)\b/.test(output.metric) ? <Labels part={HELD} /> : null}
          </div>
        </>
      )}
      <div className="held-wide"><HeldState held={held} /></div>
    </fieldset>
  )
}

const SHOWN = 3

/** In one line whether a search can be scored on these samples. */
function HeldState({ held: { path, look, leak, fault } }: { readonly held: Held }) {
  const say = useSay()
  if (path === '') return <p className="muted"><span className="verdict" data-tone="warning">!</span> {say('tune.held.none')}</p>
  if (fault !== null) return <FieldFault fault={faultOf(fault)} />
  if (leak !== undefined && leak.same > 0) {
    const names = [...new Set(leak.pairs.filter(({ kind }) => kind === 'same').map(({ calibration }) => calibration))]
    return <p className="setting-fault" role="alert"><span aria-hidden="true">✕</span> {say('tune.held.leak', { count: leak.same, names: names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ' …' : '') })}</p>
  }
  if (look?.count === undefined || look.count === null) return <p className="muted" role="status">…</p>
  const count = say('tune.held.count', { count: look.count, shown: grouped(look.count) })
  if (leak === undefined || leak.notCompared.length > 0) return <p className="muted" role="status">{count}. {say(leak === undefined ? 'tune.held.later' : 'samples.leak.arrays')}</p>
  if (leak.done < leak.total) return <p className="muted" role="status">{count}. {say('samples.leak.running', { done: grouped(leak.done), total: grouped(leak.total) })}</p>
  if (leak.alike > 0) return <p className="muted" role="status"><span className="verdict" data-tone="warning">!</span> {count}. {say('tune.held.alike', { count: leak.alike })}</p>
  return <p className="muted" role="status"><span className="verdict" data-tone="good">✓</span> {count}, {say('tune.held.apart')}</p>
}
