import type { RecipeJson, Run } from '../../client.ts'
import { changeProject, project, useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { useToast } from '../../ui/toast.tsx'

/** Makes what a run of tuning came to the project's recipe and run. */
export function TakeRun({ run: { run, recipe, status, quality }, primary = false }: { readonly run: Run; readonly primary?: boolean }) {
  const say = useSay()
  const toast = useToast()
  const { ran } = useProject()
  if (recipe === undefined || status !== 'done' || quality === undefined) return null
  if (ran?.id === run) return <span className="verdict" data-tone="good">✓ {say('tune.taken')}</span>
  const taken = recipe as RecipeJson
  const take = (): void => {
    const { recipe: before, ran: earlier, tuned } = project()
    changeProject({ recipe: taken, ran: { id: run, recipe: taken }, tuned: run })
    toast({ text: say('tune.took'), undo: () => changeProject({ recipe: before, ran: earlier, tuned }) })
  }
  return <Button {...(primary ? { tone: 'primary' as const } : {})} title={say('tune.take.what')} onClick={take}>{say('tune.take')}</Button>
}
