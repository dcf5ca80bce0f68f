import type { LineageNode } from '../../../preload/contract/index.ts'

export interface LineageRow extends LineageNode {
  /** How far below the root of its tree. */
  readonly level: number
  /** For each level above it whether more of that level follows below: where the lines of the tree go on. */
  readonly goesOn: readonly boolean[]
  readonly isLast: boolean
}

/** The runs as a tree, read from top to bottom: each below its parent, the oldest first. A run whose parent is not here is a root. */
export function lineageRows(nodes: readonly LineageNode[]): readonly LineageRow[] {
  const known = new Set(nodes.map(({ run }) => run.run))
  const children = Map.groupBy(nodes, ({ run }) => (run.parent !== null && known.has(run.parent) ? run.parent : null))
  const rows: LineageRow[] = []
  const open: { readonly node: LineageNode; readonly goesOn: readonly boolean[]; readonly isLast: boolean }[] = []
  const push = (parent: string | null, goesOn: readonly boolean[]): void => {
    const own = (children.get(parent) ?? []).toSorted((a, b) => a.run.run.localeCompare(b.run.run))
    for (const [index, node] of [...own.entries()].toReversed()) open.push({ node, goesOn, isLast: index === own.length - 1 })
  }
  push(null, [])
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, goesOn, isLast } = next
    rows.push({ ...node, level: goesOn.length, goesOn, isLast })
    push(node.run.run, [...goesOn, !isLast])
  }
  return rows
}
