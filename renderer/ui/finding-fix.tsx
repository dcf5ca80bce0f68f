import { Link } from 'react-router'
import { recipeAt, setRecipe, useProject } from '../project/project.ts'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'
import { lineOfFix, rewriteAddress, rewriteOfFix, type FindingLine } from './fix-of.ts'
import { toast } from './toast.tsx'

interface FindingFixProps {
  readonly fix: string
  /** Path of the model that the finding is of: only fixes of the project's own model are offered. */
  readonly model: string | undefined
}

/** What a finding proposes, as a button: the rewrite is looked at, the line is put into the recipe. Nothing where the fix is for a person to do. */
export function FindingFix({ fix, model }: FindingFixProps) {
  const say = useSay()
  const { recipe } = useProject()
  const [rewrite, line] = [rewriteOfFix(fix), lineOfFix(fix)]
  if (model === undefined || model !== recipe['model']) return null
  if (line !== null) return <LineFix line={line} />
  if (rewrite === null) return null
  const { name, isRepair } = rewrite
  if (isPlanned(recipe['rewrite'], name)) return <span className="finding-done"><span aria-hidden="true">✓</span> {say('finding.planned', { name })}</span>
  return (
    <Link className="button finding-fix" data-kind={isRepair ? 'repair' : 'rewrite'} to={rewriteAddress(rewrite)} title={say(isRepair ? 'finding.repair.what' : 'finding.fix.what', { name })}>
      {isRepair ? <span aria-hidden="true">⚠ </span> : null}{say(isRepair ? 'finding.repair' : 'finding.fix', { name })}
    </Link>
  )
}

/** Whether the project's recipe names a rewrite. What `auto` does is known to the rewrite screen alone. */
const isPlanned = (plan: unknown, name: string): boolean => (Array.isArray(plan) ? plan.includes(name) : plan !== null && typeof plan === 'object' && Object.hasOwn(plan, name))

function LineFix({ line: { text, path, value } }: { readonly line: FindingLine }) {
  const say = useSay()
  const before = recipeAt(useProject().recipe, path)
  if (JSON.stringify(before) === JSON.stringify(value)) return <span className="finding-done mono"><span aria-hidden="true">✓</span> {say('finding.line.done', { line: text })}</span>
  function set(): void {
    setRecipe(path, value)
    toast({ text: say('finding.line.set', { line: text, before: before === undefined ? '–' : JSON.stringify(before) }), undo: () => setRecipe(path, before) })
  }
  return <Button className="finding-fix" title={say('finding.line.what')} onClick={set}>{say('finding.line', { line: text })}</Button>
}
