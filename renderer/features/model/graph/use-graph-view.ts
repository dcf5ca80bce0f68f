import { useMemo } from 'react'
import type { ModelGraph } from '../../../../preload/contract/index.ts'
import { openText, type ModelView } from '../model-view.ts'
import { drawingOf, type Drawing } from './drawing.ts'
import { defaultGrouping, groupsOf, type Grouping, type Groups } from './groups.ts'
import { atNode, groupsAroundNode } from './selection.ts'

export interface GraphView {
  readonly grouping: Grouping
  readonly groups: Groups
  readonly drawing: Drawing
  /** The address after a group was opened or closed. */
  readonly toggled: (group: string) => Readonly<Record<string, string>>
  /** The address after all were opened, all closed, or those that look alike closed. */
  readonly opened: (which: 'all' | 'none' | 'different') => Readonly<Record<string, string>>
  /** The address after a node was selected; the groups around it open. */
  readonly revealed: (node: number) => Readonly<Record<string, string>>
}

/** What of a graph is drawn, as the address says. */
export function useGraphView(graph: ModelGraph, { grouping: chosen, open, folded }: Pick<ModelView, 'grouping' | 'open' | 'folded'>): GraphView {
  const grouping = useMemo(() => chosen ?? defaultGrouping(graph), [graph, chosen])
  const groups = useMemo(() => groupsOf(graph, grouping), [graph, grouping])
  const openIds = openText(open)
  const drawing = useMemo(() => {
    const isOpen = (id: string): boolean => openIds === '*' || openIds.split(',').includes(encodeURIComponent(id))
    return drawingOf(graph, { groups, folded, closed: new Set([...groups.keys()].filter((id) => !isOpen(id))) })
  }, [graph, groups, openIds, folded])
  return useMemo(() => {
    const openNow = new Set(open === 'all' ? groups.keys() : open)
    return {
      grouping, groups, drawing,
      toggled: (group) => {
        const next = new Set(openNow)
        if (!next.delete(group)) next.add(group)
        return { groups: openText(next) }
      },
      opened: (which) => ({ groups: which === 'all' ? '*' : which === 'none' ? '' : openText(new Set([...groups.values()].filter(({ alike }) => alike < 2).map(({ id }) => id))) }),
      revealed: (node) => {
        const around = groupsAroundNode(groups, node)
        const isSeen = around.every((id) => openNow.has(id))
        return { at: atNode(graph, node), ...(isSeen ? {} : { groups: openText(new Set([...openNow, ...around])) }) }
      },
    }
  }, [graph, grouping, groups, drawing, open])
}
