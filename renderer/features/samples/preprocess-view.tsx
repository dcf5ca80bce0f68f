import type { ReactNode } from 'react'
import type { ExplainedPreprocess, SamplesLook, SamplesPart } from '../../../preload/contract/index.ts'
import { project, recipeAt, setRecipe, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Choice, FormRow, NumberField } from './fields.tsx'
import { cropWith, numberFrom, resizeWith, wholeFrom, withAt, withGiven, type ShapeFacts } from './preprocess-form.ts'
import type { SharedKey } from './sample-place.ts'

interface PreprocessViewProps {
  readonly part: SamplesPart
  readonly look: SamplesLook
  readonly preprocess: ExplainedPreprocess
  /** Keys in which the other part differs. */
  readonly differs: readonly SharedKey[]
}

const notZeroFrom = (text: string) => numberFrom(text) || null
const whole = (text: string) => wholeFrom(text, 1)

/** How pictures become the model's input: every value with its origin. A changed one is the person's; ↺ takes it back. */
export function PreprocessView({ part, look, preprocess: found, differs }: PreprocessViewProps) {
  const say = useSay()
  const { recipe } = useProject()
  const preprocess = withGiven(found, recipeAt(recipe, ['samples', part, 'preprocess']))
  const set = (key: keyof ExplainedPreprocess, value: unknown): void => setRecipe(['samples', part, 'preprocess', key], value)
  const row = (key: keyof ExplainedPreprocess) => ({ label: say(`samples.key.${key}`), given: preprocess[key].given, how: preprocess[key].how, onReset: () => set(key, undefined) })
  const { color, range, mean, scale, layout } = preprocess
  const channels = color.value === 'y' ? ['Y'] : [...color.value.toUpperCase()]
  return (
    <div className="samples-form-view">
      {differs.length === 0 ? null : <Differs part={part} keys={differs} />}
      <div className="samples-form">
        <FormRow {...row('color')}>
          <Segmented label={say('samples.key.color')} value={color.value} onChange={(value) => set('color', value)} choices={(look.input?.channels === 1 ? ['y'] as const : ['rgb', 'bgr'] as const).map((value) => ({ value, name: value.toUpperCase() }))} />
        </FormRow>
        <FormRow {...row('layout')}>
          <Segmented label={say('samples.key.layout')} value={layout.value} onChange={(value) => set('layout', value)} choices={(['nchw', 'nhwc'] as const).map((value) => ({ value, name: value.toUpperCase() }))} />
        </FormRow>
        <FormRow {...row('range')}>
          {([0, 1] as const).map((end) => <NumberField key={end} label={say(end === 0 ? 'samples.range.low' : 'samples.range.high')} value={range.value[end]} read={numberFrom} onChange={(value) => set('range', withAt(range.value, end, value))} />)}
        </FormRow>
        <FormRow {...row('mean')}>
          {mean.value.map((value, at) => (
            <Channel key={at} name={channels[at] ?? ''}><NumberField label={`${say('samples.key.mean')} ${channels[at] ?? at}`} value={value} read={numberFrom} onChange={(next) => set('mean', withAt(mean.value, at, next))} /></Channel>
          ))}
        </FormRow>
        <FormRow {...row('scale')}>
          {scale.value.map((value, at) => (
            <Channel key={at} name={channels[at] ?? ''}><NumberField label={`${say('samples.key.scale')} ${channels[at] ?? at}`} value={value} read={notZeroFrom} onChange={(next) => set('scale', withAt(scale.value, at, next))} /></Channel>
          ))}
        </FormRow>
        <Shapes look={look} preprocess={preprocess} row={row} set={set} />
      </div>
    </div>
  )
}

/** A field of one channel, its letter before it. */
function Channel({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return <span className="samples-channel"><span className="mono" aria-hidden="true">{name}</span>{children}</span>
}

interface ShapesProps {
  readonly look: SamplesLook
  readonly preprocess: ExplainedPreprocess
  readonly row: (key: keyof ExplainedPreprocess) => { readonly label: string; readonly given: boolean; readonly how: string; readonly onReset: () => void }
  readonly set: (key: keyof ExplainedPreprocess, value: unknown) => void
}

/** The three steps that change a picture's size. */
function Shapes({ look, preprocess: { resize, crop, pad }, row, set }: ShapesProps) {
  const say = useSay()
  const first = look.width.findIndex((width) => width > 0)
  const facts: ShapeFacts = { fixed: look.input?.size ?? null, first: first < 0 ? null : [look.height[first]!, look.width[first]!] }
  const none = { value: 'none', name: say('samples.none') } as const
  const size = <T extends { readonly size: readonly [number, number] }>(key: 'resize' | 'crop', value: T) => (
    <>
      <NumberField label={`${say(`samples.key.${key}`)}: ${say('samples.width')}`} value={value.size[1]} read={whole} onChange={(width) => set(key, { ...value, size: [value.size[0], width] })} />
      <span className="muted" aria-hidden="true">×</span>
      <NumberField label={`${say(`samples.key.${key}`)}: ${say('samples.height')}`} value={value.size[0]} read={whole} onChange={(height) => set(key, { ...value, size: [height, value.size[1]] })} />
    </>
  )
  return (
    <>
      <FormRow {...row('resize')}>
        <Choice
          label={say('samples.key.resize')} value={resize.value?.mode ?? 'none'} onChange={(mode) => set('resize', resizeWith(mode, resize.value, facts))}
          choices={[none, ...(['fit', 'fill', 'stretch'] as const).map((value) => ({ value, name: say(`samples.resize.${value}`) }))]}
        />
        {resize.value === null ? null : size('resize', resize.value)}
        {resize.value === null ? null : (
          <Choice
            label={say('samples.kernel')} value={resize.value.kernel} onChange={(kernel) => set('resize', { ...resize.value, kernel })}
            choices={(['bicubic', 'bilinear', 'nearest', 'area', 'lanczos', 'opencv-linear'] as const).map((value) => ({ value, name: value }))}
          />
        )}
      </FormRow>
      <FormRow {...row('crop')}>
        <Choice
          label={say('samples.key.crop')} value={crop.value?.mode ?? 'none'} onChange={(mode) => set('crop', cropWith(mode, crop.value, facts))}
          choices={[none, ...(['center', 'random'] as const).map((value) => ({ value, name: say(`samples.crop.${value}`) }))]}
        />
        {crop.value === null ? null : size('crop', crop.value)}
      </FormRow>
      <FormRow {...row('pad')}>
        <NumberField
          label={say('samples.key.pad')} value={pad.value?.multiple ?? null} read={whole} placeholder={say('samples.none')}
          onChange={(multiple) => set('pad', { multiple })} onClear={() => set('pad', undefined)}
        />
        <span className="muted">{say('samples.pad.unit')}</span>
      </FormRow>
    </>
  )
}

/** One model has one normalization: the two parts should not differ in it. */
function Differs({ part, keys }: { readonly part: SamplesPart; readonly keys: readonly SharedKey[] }) {
  const say = useSay()
  const other = part === 'calibration' ? 'evaluation' : 'calibration'
  function useInBoth(): void {
    const given = recipeAt(project().recipe, ['samples', part, 'preprocess']) as Readonly<Record<string, unknown>> | undefined
    for (const key of keys) setRecipe(['samples', other, 'preprocess', key], given?.[key])
  }
  return (
    <p className="samples-warning" role="status">
      <b aria-hidden="true">!</b> {say('samples.differs', { keys: keys.map((key) => say(`samples.key.${key}`)).join(', '), part: say(`samples.part.${other}`) })}
      <Button onClick={useInBoth}>{say('samples.use-in-both')}</Button>
    </p>
  )
}
