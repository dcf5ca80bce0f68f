import type { BoardProfile } from '../boards/profile.ts'
import type { Finding } from '../core/run.ts'
import { deployFindings } from './deploy.ts'
import { bySeverity } from './finding.ts'
import { resizeFindings } from './resize.ts'
import { scaleFindings } from './scale.ts'
import { siteOf, type AuditInput } from './site.ts'
import { pictureFindings } from './sr.ts'
import { tailFindings } from './tail.ts'

export type { AuditInput } from './site.ts'

/**
 * Every finding of every rule (docs/findings.md), errors first. Rules that lack what they need say nothing: without a board those of
 * boards, without a quantized graph those of scales. Nothing is run.
 */
export function audit(input: AuditInput, profile: BoardProfile | null): Finding[] {
  const site = siteOf(input, profile)
  return bySeverity([...tailFindings(site), ...scaleFindings(site), ...resizeFindings(site), ...pictureFindings(site), ...deployFindings(site)])
}
