import { useCall, type RecipeChoices } from '../../client.ts'
import { textOf, useSay } from '../../texts/texts.ts'
import { Panel } from '../../ui/panel.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { ChangedMark, Choice, Field, FieldFault } from './fields.tsx'
import { GatesTable } from './gates-table.tsx'
import { OverridesTable } from './overrides-table.tsx'
import type { Draft } from './use-draft.ts'

/** What the model is made for: board, preset, types of the codes, layers that differ, and what a run has to keep to. */
export function TargetStep({ draft }: { readonly draft: Draft }) {
  const say = useSay()
  const choices = useCall('recipe.choices', {}).data
  if (choices === undefined) return null
  return (
    <div className="wizard-columns">
      <Panel title={say('calibrate.target')}>
        <Board draft={draft} boards={choices.boards} />
        <Preset draft={draft} presets={choices.presets} />
        <CodeType draft={draft} part="activations" types={choices.activationTypes} bits={[8, 16]} />
        <CodeType draft={draft} part="weights" types={choices.weightTypes} bits={[4, 8, 16]} />
        <Granularity draft={draft} />
      </Panel>
      <div className="wizard-column">
        <GatesTable draft={draft} gates={choices.gates} />
        <OverridesTable draft={draft} methods={choices.methods} />
      </div>
    </div>
  )
}

function Board({ draft, boards }: { readonly draft: Draft; readonly boards: RecipeChoices['boards'] }) {
  const say = useSay()
  const path = ['board']
  const board = String(draft.at(path) ?? '')
  return (
    <Field
      label={say('calibrate.board')} hint={textOf(say, `calibrate.board.${board}`) ?? say('calibrate.board.other', { board })}
      isChanged={draft.isChanged(path)} onReset={() => draft.set(path, undefined)} fault={draft.faultAt(path)}
    >
      {({ id, described }) => <Choice id={id} described={described} value={board} onChange={(name) => draft.set(path, name)} choices={boards.map((name) => ({ value: name, name }))} />}
    </Field>
  )
}

function Preset({ draft, presets }: { readonly draft: Draft; readonly presets: RecipeChoices['presets'] }) {
  const say = useSay()
  const path = ['quantize', 'preset']
  const value = String(draft.at(path) ?? '')
  const fault = draft.faultAt(path)
  return (
    <div className="setting" data-changed={draft.isChanged(path) || undefined}>
      <span className="setting-name">{say('calibrate.preset')}</span>
      <div className="setting-control"><Segmented label={say('calibrate.preset')} value={value} choices={presets.map((name) => ({ value: name, name }))} onChange={(preset) => draft.set(path, preset)} /></div>
      <ChangedMark label={say('calibrate.preset')} isChanged={draft.isChanged(path)} onReset={() => draft.set(path, undefined)} />
      <div className="setting-hint">{textOf(say, `calibrate.preset.${value}`)}{fault === undefined ? null : <FieldFault fault={fault} />}</div>
    </div>
  )
}

interface CodeTypeProps {
  readonly draft: Draft
  readonly part: 'activations' | 'weights'
  readonly types: readonly string[]
  readonly bits: readonly number[]
}

const BITS = /^bits:(\d+)$/

/** So many bits of the preset's type, or one type by its name. The recipe refuses a type and bits that contradict each other. */
function CodeType({ draft, part, types, bits }: CodeTypeProps) {
  const say = useSay()
  const [name, hint] = part === 'activations' ? [say('calibrate.activations'), say('calibrate.activations.what')] : [say('calibrate.weights'), say('calibrate.weights.what')]
  const [typePath, bitsPath] = [['quantize', part, 'type'], ['quantize', part, 'bits']]
  const type = draft.at(typePath)
  const value = typeof type === 'string' ? type : `bits:${String(draft.at(bitsPath) ?? 8)}`
  const fault = draft.faultAt(typePath) ?? draft.faultAt(bitsPath)
  const choose = (next: string): void => {
    const [, count] = BITS.exec(next) ?? []
    draft.set(bitsPath, count === undefined ? Number(/\d+$/.exec(next)?.[0]) : Number(count))
    draft.set(typePath, count === undefined ? next : undefined)
  }
  const reset = (): void => {
    draft.set(typePath, undefined)
    draft.set(bitsPath, undefined)
  }
  return (
    <Field label={name} hint={hint} isChanged={draft.isChanged(typePath) || draft.isChanged(bitsPath)} onReset={reset} fault={fault}>
      {({ id, described }) => (
        <Choice
          id={id} described={described} value={value} onChange={choose}
          choices={[...bits.map((count) => ({ value: `bits:${count}`, name: say('calibrate.bits-of-preset', { count }) })), ...types.map((name) => ({ value: name, name }))]}
        />
      )}
    </Field>
  )
}

function Granularity({ draft }: { readonly draft: Draft }) {
  const say = useSay()
  const path = ['quantize', 'weights', 'granularity']
  return (
    <Field label={say('calibrate.granularity')} hint={say('calibrate.granularity.what')} isChanged={draft.isChanged(path)} onReset={() => draft.set(path, undefined)} fault={draft.faultAt(path)}>
      {({ id, described }) => (
        <Choice
          id={id} described={described} value={String(draft.at(path) ?? '')} onChange={(value) => draft.set(path, value === '' ? undefined : value)}
          choices={[{ value: '', name: say('calibrate.as-preset') }, { value: 'channel', name: say('calibrate.channel') }, { value: 'tensor', name: say('calibrate.tensor') }]}
        />
      )}
    </Field>
  )
}
