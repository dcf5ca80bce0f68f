import type { RecipeJson, Run } from '../../client.ts'
import { beginProject, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'

/** Makes a run the one that this window's project goes on from; nothing where it already is, or holds nothing to go on from. */
export function TakeUp({ run: { run, recipe, status } }: { readonly run: Run }) {
  const say = useSay()
  const { ran } = useProject()
  if (recipe === undefined || status !== 'done' || ran?.id === run) return null
  const taken = recipe as RecipeJson
  return <Button title={say('run.take-up.what')} onClick={() => beginProject({ recipe: taken, ran: { id: run, recipe: taken } })}>{say('run.take-up')}</Button>
}
