import type { CheckedRequestOf } from '../../../preload/contract/calls.ts'
import { shellWord } from '../../core/shell-word.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { writeRecipe } from '../../recipe/write-recipe.ts'
import type { App, TuneInput } from '../api.ts'
import type { Order } from '../jobs.ts'
import { checkResumable } from './resumable.ts'

type Spec = Extract<CheckedRequestOf<'jobs.start'>, { kind: 'tune' }>

/** Tuning as the queue does it. `recipe` is checked, `parent` and `resume` are full ids. */
export async function tuneOrder(spec: Spec, { recipe, parent }: { readonly recipe: Recipe; readonly parent?: string }, app: App, command: (words: string) => string): Promise<Order> {
  const input = await inputOf(spec, { recipe, ...(parent === undefined ? {} : { parent }) }, app)
  return { kind: 'tune', mode: spec.mode, command: command(wordsOf(input)), recipe: writeRecipe(recipe), work: (task) => app.tune(input, task) }
}

async function inputOf(spec: Spec, common: { readonly recipe: Recipe; readonly parent?: string }, app: App): Promise<TuneInput> {
  switch (spec.mode) {
    case 'try': return { ...common, mode: 'try', settings: spec.settings }
    case 'sensitivity': return { ...common, mode: 'sensitivity', full: spec.full, ...(spec.samples === undefined ? {} : { samples: spec.samples }) }
    case 'search': {
      if (spec.resume === undefined) return { ...common, mode: 'search' }
      const earlier = await app.runs.show(spec.resume)
      checkResumable(earlier)
      return { ...common, mode: 'search', resume: earlier.run }
    }
    case 'pareto': return { ...common, mode: 'pareto', ...(spec.budget === undefined ? {} : { budget: spec.budget }), ...(spec.samples === undefined ? {} : { samples: spec.samples }) }
  }
}

function wordsOf(input: TuneInput): string {
  switch (input.mode) {
    case 'try': return ['tune recipe.yaml', ...input.settings.map((setting) => `--try ${shellWord(setting)}`)].join(' ')
    case 'sensitivity': return `tune recipe.yaml --sensitivity${input.full === true ? ' --full' : ''}`
    case 'search': return input.resume === undefined ? 'tune recipe.yaml --search' : `tune --resume ${input.resume}`
    case 'pareto': return ['tune recipe.yaml', ...(input.budget === undefined ? ['--pareto'] : [`--budget ${shellWord(input.budget)}`])].join(' ')
  }
}
