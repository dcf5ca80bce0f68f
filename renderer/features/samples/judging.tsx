import { z } from 'zod'
import type { SamplesLook } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { recipeAt, setRecipe, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { Choice, NumberField, TextField } from './fields.tsx'
import { wholeFrom } from './preprocess-form.ts'

const PATTERN = z.object({ pattern: z.string() })
const METRIC = z.looseObject({ kind: z.string(), decode: z.unknown().optional(), ap: z.unknown().optional(), score: z.unknown().optional() })
const LABELS = z.looseObject({ path: z.string().optional(), format: z.string().optional() })
const SHARED = ['samples', 'evaluation'] as const
type Way = 'name' | 'pattern' | 'folder'

const set = (key: string, value: unknown): void => setRecipe([...SHARED, key], value)

/** What a metric that was chosen says until a person says more. */
const START: Readonly<Record<string, unknown>> = { detection: { kind: 'detection', decode: 'fastestdet' }, module: { kind: 'module', score: 'score.mjs' } }

/** What judges the output, below a part of the recipe. */
type PartPath = readonly string[]

/** How the output is judged: against references, labels, or the float model. */
export function Judging({ look }: { readonly look: SamplesLook }) {
  const say = useSay()
  const { recipe } = useProject()
  const metrics = useCall('recipe.choices', {}).data?.metrics ?? []
  const metric = recipeAt(recipe, [...SHARED, 'metric'])
  const settings = METRIC.safeParse(metric).data
  const kind = typeof metric === 'string' ? metric : (settings?.kind ?? '')
  const isPicture = look.output.kind === 'picture' && (kind === '' || /^(psnr|ssim)/.test(kind))
  return (
    <div className="samples-fields">
      {look.output.kind === 'picture' ? <References part={SHARED} /> : null}
      <label className="samples-field">
        {say('samples.metric')}
        <Choice
          label={say('samples.metric')} value={kind} onChange={(value) => set('metric', value === '' ? undefined : START[value] ?? value)}
          choices={[{ value: '', name: say('samples.guess', { value: look.output.metric }) }, ...[...new Set([...metrics, ...(kind === '' ? [] : [kind])])].map((value) => ({ value, name: value }))]}
        />
      </label>
      {kind === 'detection' ? <Detection settings={settings} /> : null}
      {kind === 'module' ? <Path label={say('samples.score')} value={String(settings?.score ?? '')} onChange={(score) => set('metric', { ...settings, kind, score })} /> : null}
      {kind === 'topk' || kind === 'detection' ? <Labels part={SHARED} /> : null}
      {isPicture ? <Shave look={look} /> : null}
    </div>
  )
}

/** Where the references of a part's samples are. */
export function References({ part }: { readonly part: PartPath }) {
  const say = useSay()
  const { recipe } = useProject()
  const set = (value: unknown): void => setRecipe([...part, 'reference'], value)
  const reference = recipeAt(recipe, [...part, 'reference'])
  const pattern = PATTERN.safeParse(reference)
  const way: Way = typeof reference === 'string' ? 'folder' : pattern.success ? 'pattern' : 'name'
  const start = (next: Way): void => set(next === 'name' ? undefined : next === 'pattern' ? { pattern: '*_HR' } : recipeAt(recipe, [...part, 'path']))
  return (
    <>
      <span className="samples-field">{say('samples.reference')}<Segmented label={say('samples.reference')} value={way} onChange={start} choices={(['name', 'pattern', 'folder'] as const).map((value) => ({ value, name: say(`samples.reference.${value}`) }))} /></span>
      {way === 'name' ? null : <Path label={say(`samples.reference.${way}`)} value={way === 'folder' ? String(reference) : pattern.data?.pattern ?? ''} onChange={(text) => set(text === '' ? undefined : way === 'folder' ? text : { pattern: text })} />}
    </>
  )
}

function Path({ label, value, placeholder, onChange }: { readonly label: string; readonly value: string; readonly placeholder?: string; readonly onChange: (text: string) => void }) {
  return <label className="samples-field samples-field-path">{label}<TextField label={label} value={value} onChange={onChange} {...(placeholder === undefined ? {} : { placeholder })} /></label>
}

/** The truth of classes and boxes of a part's samples. */
export function Labels({ part }: { readonly part: PartPath }) {
  const say = useSay()
  const { recipe } = useProject()
  const labels = recipeAt(recipe, [...part, 'labels'])
  const given = LABELS.safeParse(labels).data
  const path = typeof labels === 'string' ? labels : (given?.path ?? '')
  const write = (text: string): void => setRecipe([...part, 'labels'], text === '' ? undefined : given === undefined ? text : { ...given, path: text })
  return <Path label={say('samples.labels')} value={path} placeholder={given?.format === 'folders' ? say('samples.labels.folders') : say('samples.labels.none')} onChange={write} />
}

function Detection({ settings }: { readonly settings: z.infer<typeof METRIC> | undefined }) {
  const say = useSay()
  const { decoders = [], apRules = [] } = useCall('recipe.choices', {}).data ?? {}
  const change = (key: string, value: string): void => set('metric', { ...settings, kind: 'detection', [key]: value })
  const decoder = typeof settings?.decode === 'string' ? settings.decode : ''
  // Settings that were written out have no name to choose by.
  const own = decoder === '' ? [{ value: '', name: say('samples.decoder.own') }] : []
  return (
    <>
      <label className="samples-field">
        {say('samples.decoder')}
        <Choice label={say('samples.decoder')} value={decoder} onChange={(value) => (value === '' ? undefined : change('decode', value))} choices={[...own, ...decoders.map((value) => ({ value, name: value }))]} />
      </label>
      <label className="samples-field">
        {say('samples.ap')}
        <Choice label={say('samples.ap')} value={typeof settings?.ap === 'string' ? settings.ap : 'coco'} onChange={(value) => change('ap', value)} choices={apRules.map((value) => ({ value, name: value }))} />
      </label>
    </>
  )
}

function Shave({ look }: { readonly look: SamplesLook }) {
  const say = useSay()
  const shave = recipeAt(useProject().recipe, [...SHARED, 'shave'])
  return (
    <label className="samples-field">
      {say('samples.shave')}
      <NumberField
        label={say('samples.shave')} value={typeof shave === 'number' ? shave : null} read={(text) => wholeFrom(text, 0)} onChange={(value) => set('shave', value)} onClear={() => set('shave', undefined)}
        placeholder={look.output.shave === null ? '–' : say('samples.guess', { value: look.output.shave })}
      />
    </label>
  )
}
