import { createContext, useContext } from 'react'
import { useSay } from '../../texts/texts.ts'
import { shortRun } from '../../ui/format.ts'
import { isOther, versionOf, type Side } from './sides.ts'

/** The id of the run that stands beside this one. */
export const BesideContext = createContext('')

/** A side in words: its version, and of which run where two are looked at. */
export function useSideName(): (side: Side) => string {
  const say = useSay()
  const beside = useContext(BesideContext)
  return (side) => (isOther(side) ? `${say(`version.${versionOf(side)}`)} · ${shortRun(beside)}` : say(`version.${versionOf(side)}`))
}

/** A side by its colour and the letter of its place, where there is no room for its name. */
export function SideLetter({ side, children }: { readonly side: Side; readonly children: string }) {
  const name = useSideName()(side)
  return <span className="version" data-version={versionOf(side)} data-other={isOther(side) || undefined} title={name}>{children}<span className="unseen"> {name}</span></span>
}

/** A side by its colour and its name; hollow where it belongs to the other run. */
export function SideMark({ side }: { readonly side: Side }) {
  const name = useSideName()(side)
  return <span className="version" data-version={versionOf(side)} data-other={isOther(side) || undefined} title={isOther(side) ? name : undefined}>{name}</span>
}
