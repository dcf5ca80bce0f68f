import type { Run } from '../../../preload/contract/index.ts'

const quoted = (path: string): string => (/^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`)

/** What does the same in a terminal. `recipe.yaml` holds the recipe that the record shows. */
export function commandOf(run: Pick<Run, 'verb' | 'run'>, workspace: string): string {
  const verb = run.verb === 'demo' ? 'demo' : run.verb === 'compare' ? `compare ${run.run}` : `${run.verb} recipe.yaml`
  return `npx scalewright ${verb} --workspace ${quoted(workspace)}`
}
