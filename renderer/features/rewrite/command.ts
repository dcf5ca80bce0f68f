import { shellWord } from '../calibrate/draft.ts'
import { flow, ordered, type FoundRewrite, type Plan } from './plan.ts'

/** What does the same in a terminal, with settings and chosen places. */
export function rewriteCommand(model: string, plan: Plan, rewrites: readonly FoundRewrite[], workspace: string): string {
  const list = ordered(plan, rewrites)
  const isPlain = list.every(([, options]) => Object.keys(options).length === 0)
  const what = isPlain ? `--only ${list.map(([name]) => name).join(',')}` : `--set ${shellWord(`rewrite=${flow(Object.fromEntries(list))}`)}`
  return `npx scalewright rewrite ${shellWord(model)} ${what} --workspace ${shellWord(workspace)}`
}
