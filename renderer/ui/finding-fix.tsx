import { Link } from 'react-router'
import { project, recipeAt, setRecipe, useProject } from '../project/project.ts'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'
import { isSet, lineOfFix, rewriteAddress, rewriteOfFix, type FindingLine } from './fix-of.ts'
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
  if (line !== null) return <LinesFix lines={[line]} />
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

/** Lines that belong together, put into the project's recipe by one button and taken back by one undo. */
export function LinesFix({ lines }: { readonly lines: readonly FindingLine[] }) {
  const say = useSay()
  const { recipe } = useProject()
  const open = lines.filter((line) => !isSet(recipe, line))
  if (open.length === 0) return lines.map(({ text }) => <span key={text} className="finding-done mono"><span aria-hidden="true">✓</span> {say('finding.line.done', { line: text })}</span>)
  function set(): void {
    const before = open.map(({ path }) => recipeAt(project().recipe, path))
    for (const { path, value } of open) setRecipe(path, value)
    toast({
      text: open.length === 1 ? say('finding.line.set', { line: open[0]!.text, before: before[0] === undefined ? '–' : JSON.stringify(before[0]) }) : say('finding.lines.set', { count: open.length }),
      undo: () => open.forEach(({ path }, place) => setRecipe(path, before[place])),
    })
  }
  return <Button className="finding-fix" title={say('finding.line.what')} onClick={set}>{open.length === 1 ? say('finding.line', { line: open[0]!.text }) : say('finding.lines', { count: open.length })}</Button>
}
