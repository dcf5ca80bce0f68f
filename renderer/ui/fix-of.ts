/** A rewrite that a finding proposes, with its options. */
export interface FindingRewrite {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
}

/** As findings write it: ``Rewrite `anchor, to: merged`: …``. */
const REWRITE = /^Rewrite `([a-z0-9-]+)((?:, [a-z]+: [a-z0-9-]+)*)`: /

/** The rewrite that a finding's fix names; null where it is for a person to do. */
export function rewriteOfFix(fix: string): FindingRewrite | null {
  const [, name, settings = ''] = REWRITE.exec(fix) ?? []
  if (name === undefined) return null
  return { name, options: Object.fromEntries(settings.split(', ').filter(Boolean).map((one) => one.split(': ') as [string, string])) }
}

/** Where the rewrite is looked at, ticked alone. */
export const rewriteAddress = ({ name, options }: FindingRewrite): string =>
  (Object.keys(options).length === 0 ? `/rewrite?only=${encodeURIComponent(name)}` : `/rewrite?plan=${encodeURIComponent(JSON.stringify({ [name]: options }))}`)
