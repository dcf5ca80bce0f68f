import { Document, isMap, isScalar } from 'yaml'
import { Fault } from '../core/fault.ts'
import type { JobInput, JobOutput } from '../engine/jobs.ts'
import { parseAssignment, withChanges } from '../recipe/changes.ts'
import { changeRecipe } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { Store } from '../store/open-store.ts'
import type { AuditInput, AuditResult, RunTask } from './api.ts'
import type { RecordRun } from './app.ts'

type Given = Omit<JobInput<'audit'>, 'board' | 'workspace'>

/** Looks for what goes wrong in a model, recorded as a run with its findings. */
export async function auditModel(input: AuditInput, task: RunTask, place: { readonly record: RecordRun; readonly store: () => Store; readonly workspace: string }): Promise<AuditResult> {
  const given = 'run' in input ? ofRun(input, place.store()) : { recipe: input.recipe, ...(input.statistics === undefined ? {} : { statistics: input.statistics }) }
  let fixes: JobOutput<'audit'>['fixes'] = { rewrites: [], set: [] }
  const parent = 'run' in input ? place.store().getRun(input.run).run : input.parent
  const run = await place.record('audit', given.recipe, task, async (recording) => {
    const { model, findings, notes, ...found } = await recording.job('audit', { ...given, board: given.recipe.board, workspace: place.workspace })
    fixes = found.fixes
    return { recipe: given.recipe, model, findings, notes }
  }, parent)
  return { ...run, fix: recipeOf(fixes) }
}

/** What a recorded run knows of its model: both sides, Statistics, scales, layer errors, times. */
function ofRun({ run: id, changes, cwd }: Extract<AuditInput, { run: string }>, store: Store): Given {
  const run = store.getRun(id)
  if (!run.recipe) throw new Fault({ code: 'input.no-model', where: run.run, what: `this run (${run.verb}, ${run.status}) names no model`, next: 'Take a run that was done.' })
  const recipe = changeRecipe(run.recipe as Recipe, changes, cwd)
  const pathOf = (role: string): string | undefined => run.artifacts?.find((artifact) => artifact.role === role)?.path
  const [quantized, statistics] = [pathOf('quantized-model'), pathOf('statistics')]
  return {
    recipe, ...(quantized === undefined ? {} : { quantized }), ...(statistics === undefined ? {} : { statistics }),
    ...(quantized !== undefined && run.scales ? { scales: run.scales } : {}), ...(run.layers ? { layers: run.layers } : {}), ...(run.operators ? { operators: run.operators } : {}),
  }
}

/** The lines of a recipe that do what the findings propose; empty where none of them can be applied. Repairs are marked: they change what the model computes. */
function recipeOf({ rewrites, set }: JobOutput<'audit'>['fixes']): AuditResult['fix'] {
  const rewrite = rewrites.length === 0 ? {} : { rewrite: Object.fromEntries(rewrites.map(({ name, options }) => [name, options])) }
  const recipe = withChanges(rewrite, set.map(parseAssignment))
  const repairs = rewrites.filter(({ kind }) => kind === 'repair').map(({ name }) => name)
  return { recipe, repairs, text: Object.keys(recipe).length === 0 ? '' : textOf(recipe, repairs) }
}

function textOf(recipe: Readonly<Record<string, unknown>>, repairs: readonly string[]): string {
  const document = new Document(recipe)
  const rewrites = document.get('rewrite')
  for (const { key } of isMap(rewrites) ? rewrites.items : []) {
    if (isScalar(key) && repairs.includes(String(key.value))) key.commentBefore = ' repair: changes what the model computes; measure it before you keep it'
  }
  return document.toString({ lineWidth: 0 })
}
