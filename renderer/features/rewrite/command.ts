import type { RewriteWish } from '../../../preload/contract/index.ts'
import { shellWord } from '../calibrate/draft.ts'

/** What does the same in a terminal. A plan with options or chosen places needs its file: `rewrite-plan.json` is the plan that is copied. */
export function rewriteCommand(model: string, wishes: readonly RewriteWish[], workspace: string): string {
  const isPlain = wishes.every(({ options = {}, nodes }) => nodes === undefined && Object.keys(options).length === 0)
  const what = isPlain ? `--only ${wishes.map(({ rewrite }) => rewrite).join(',')}` : '--plan rewrite-plan.json'
  return `npx scalewright rewrite ${shellWord(model)} ${what} --workspace ${shellWord(workspace)}`
}
