import type { Group, Groups } from '../model/graph/groups.ts'
import type { DiffRow, GraphDiff } from './graph-diff.ts'

/** Small graphs are drawn whole. */
const MANY_ROWS = 60
/** So many nodes that stay the same are left around a change, and fewer than this are not folded. */
const CONTEXT = 2
const FEWEST = 5

export interface Quiet {
  readonly before: Groups
  readonly after: Groups
}

/** Stretches of nodes that stay as they are, to be drawn as one box in each pane. Those named in `open` are not folded. */
export function quietOf({ rows }: GraphDiff, open: ReadonlySet<string>, nameOf: (count: number) => string): Quiet {
  const stretches = rows.length < MANY_ROWS ? [] : stretchesOf(rows).filter(({ id }) => !open.has(id))
  const side = (which: 'before' | 'after'): Groups => new Map(stretches.map(({ id, rows: inside }): [string, Group] => {
    const nodes = inside.map((row) => row[which]!).toSorted((a, b) => a - b)
    return [id, { id, name: nameOf(nodes.length), parent: null, nodes, alike: 1 }]
  }))
  return { before: side('before'), after: side('after') }
}

/** Neighbours in both graphs: a group of others would be entered, left and entered again. */
function stretchesOf(rows: readonly DiffRow[]): { readonly id: string; readonly rows: readonly DiffRow[] }[] {
  const found: DiffRow[][] = [[]]
  for (const [index, row] of rows.entries()) {
    const isNear = rows.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== 'same')
    const last = found.at(-1)!.at(-1)
    const follows = last === undefined || (row.before === last.before! + 1 && row.after === last.after! + 1)
    if (isNear) found.push([])
    else if (follows) found.at(-1)!.push(row)
    else found.push([row])
  }
  return found.filter((stretch) => stretch.length >= FEWEST).map((stretch) => ({ id: `quiet/${stretch[0]!.before}`, rows: stretch }))
}
