import { recipeAt, type Project } from './project-text.ts'

/** A step of the work, in its order. Each is a screen of the same name. */
export const STEPS = ['model', 'samples', 'calibrate', 'layers', 'compare', 'rewrite', 'tune', 'export'] as const
export type StepName = (typeof STEPS)[number]

export interface Step {
  readonly name: StepName
  /** done: has what it needs. stale: done, and something before it was changed since. open: next. blocked: something before it is missing. */
  readonly state: 'done' | 'stale' | 'open' | 'blocked'
  /** Parts of the recipe that changed since (stale), or the step that is missing (blocked). */
  readonly because: readonly string[]
}

/** Parts of a recipe that make a run old when they change, as a person calls them. */
const PARTS: readonly (readonly [name: string, path: readonly string[]])[] = [
  ['model', ['model']], ['calibration', ['samples', 'calibration']], ['evaluation', ['samples', 'evaluation']],
  ['board', ['board']], ['rewrite', ['rewrite']], ['quantize', ['quantize']], ['compare', ['compare']], ['gates', ['gates']],
]

/** What the recipe says otherwise than the run was started with. */
export const changedParts = ({ recipe, ran }: Project): readonly string[] =>
  ran === null ? [] : PARTS.filter(([, path]) => JSON.stringify(recipeAt(recipe, path)) !== JSON.stringify(recipeAt(ran.recipe, path))).map(([name]) => name)

/** A bundle is of one run: another run, or another recipe, makes it old. */
function exportStep({ ran, exported }: Project, changes: readonly string[]): Step {
  if (ran === null) return { name: 'export', state: 'blocked', because: ['calibrate'] }
  if (exported === undefined) return { name: 'export', state: 'open', because: [] }
  const because = exported === ran.id ? changes : ['run', ...changes]
  return { name: 'export', state: because.length > 0 ? 'stale' : 'done', because }
}

/** How far a project is. */
export function stepsOf(project: Project): readonly Step[] {
  const { recipe, ran } = project
  const hasModel = typeof recipe['model'] === 'string'
  const hasSamples = typeof recipeAt(recipe, ['samples', 'calibration', 'path']) === 'string'
  const changes = changedParts(project)
  const missing = [...(hasModel ? [] : ['model']), ...(hasSamples ? [] : ['samples'])]
  const made = (name: StepName, needs: readonly string[]): Step => {
    if (ran !== null) return { name, state: changes.length > 0 ? 'stale' : 'done', because: changes }
    return needs.length > 0 ? { name, state: 'blocked', because: needs } : { name, state: 'open', because: [] }
  }
  return [
    { name: 'model', state: hasModel ? 'done' : 'open', because: [] },
    hasSamples ? { name: 'samples', state: 'done', because: [] } : { name: 'samples', state: hasModel ? 'open' : 'blocked', because: hasModel ? [] : ['model'] },
    made('calibrate', missing),
    made('layers', ran === null ? ['calibrate'] : []),
    made('compare', ran === null ? ['calibrate'] : []),
    // It may be left out: a plan in the recipe is what it comes to.
    { name: 'rewrite', state: !hasModel ? 'blocked' : recipe['rewrite'] === undefined ? 'open' : 'done', because: hasModel ? [] : ['model'] },
    // So may this; it is done where a tuned run was taken.
    ran === null ? { name: 'tune', state: 'blocked', because: ['calibrate'] } : { name: 'tune', state: project.tuned === undefined ? 'open' : 'done', because: [] },
    exportStep(project, changes),
  ]
}
