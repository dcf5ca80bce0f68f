import { Link } from 'react-router'
import { useProject } from '../project/project.ts'
import { useSay } from '../texts/texts.ts'
import { rewriteAddress, rewriteOfFix } from './fix-of.ts'

interface FindingFixProps {
  readonly fix: string
  /** Path of the model that the finding is of; rewrites are looked at in the project's. */
  readonly model: string | undefined
}

/** The way to the rewrite that a finding proposes. Nothing where the fix is for a person to do, or the project is about another model. */
export function FindingFix({ fix, model }: FindingFixProps) {
  const say = useSay()
  const own = useProject().recipe['model']
  const rewrite = rewriteOfFix(fix)
  if (rewrite === null || model === undefined || model !== own) return null
  return <Link className="button finding-fix" data-tone="quiet" to={rewriteAddress(rewrite)} title={say('finding.fix.what', { name: rewrite.name })}>{say('finding.fix', { name: rewrite.name })}</Link>
}
