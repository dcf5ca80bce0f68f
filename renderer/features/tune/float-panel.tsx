import type { RecipeJson } from '../../client.ts'
import { recipeAt } from '../../project/project.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { Panel } from '../../ui/panel.tsx'
import { floatOpsOf, type Layer } from './lines.ts'
import { setQuantize } from './recipe-log.ts'

const SWITCHES: readonly (readonly [key: string, name: TextKey])[] = [['first', 'tune.float.first'], ['last', 'tune.float.last'], ['depthwise', 'tune.float.depthwise']]

/** `quantize.float`: layers that stay in float by their place or their operator. */
export function FloatPanel({ recipe, layers }: { readonly recipe: RecipeJson; readonly layers: readonly Layer[] }) {
  const say = useSay()
  const chosen = floatOpsOf(recipe)
  const ops = [...new Set([...layers.flatMap((layer) => layer.ops), ...chosen])].toSorted()
  const toggle = (op: string): void => {
    const next = ops.filter((each) => chosen.includes(each) !== (each === op))
    setQuantize(['float', 'ops'], next.length === 0 ? undefined : next)
  }
  return (
    <Panel title={say('tune.float')}>
      <div className="float-switches">
        {SWITCHES.map(([key, name]) => <label key={key} className="check"><input type="checkbox" checked={recipeAt(recipe, ['quantize', 'float', key]) === true} onChange={(event) => setQuantize(['float', key], event.target.checked ? true : undefined)} /> {say(name)}</label>)}
        {ops.map((op) => <label key={op} className="check mono"><input type="checkbox" checked={chosen.includes(op)} onChange={() => toggle(op)} /> op:{op}</label>)}
      </div>
    </Panel>
  )
}
