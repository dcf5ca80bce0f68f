import { Menu } from '@mantine/core'
import { IconArrowDown, IconArrowRight, IconDots } from '@tabler/icons-react'
import type { ModelGraph } from '../../../../preload/contract/index.ts'
import { useSay } from '../../../texts/texts.ts'
import { Button } from '../../../ui/button.tsx'
import type { ModelView } from '../model-view.ts'
import type { Layout } from './elk-graph.ts'
import type { Mark } from './overlay.ts'
import { savePng, saveSvg } from './save-graph.ts'
import type { GraphView } from './use-graph-view.ts'

interface GraphMenuProps {
  readonly graph: ModelGraph
  readonly view: ModelView
  readonly shown: GraphView
  readonly layout: Layout | null
  readonly marks: ReadonlyMap<number, Mark>
  readonly name: string
  readonly onChange: (change: Readonly<Record<string, string>>) => void
}

/** Direction, groups at once, roundings, and the graph as a file. */
export function GraphMenu({ graph, view, shown, layout, marks, name, onChange }: GraphMenuProps) {
  const say = useSay()
  const isDown = view.direction === 'down'
  const hasRoundings = graph.nodes.some(({ rounds }) => rounds !== null)
  const picture = layout === null ? null : { graph, layout, direction: view.direction, folded: view.folded, marks, overlay: view.overlay, name }
  return (
    <>
      <Button tone="quiet" aria-label={say(isDown ? 'model.direction.right' : 'model.direction.down')} title={say(isDown ? 'model.direction.right' : 'model.direction.down')} onClick={() => onChange({ dir: isDown ? 'right' : '' })}>
        {isDown ? <IconArrowDown size={15} aria-hidden /> : <IconArrowRight size={15} aria-hidden />}
      </Button>
      <Menu position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
        <Menu.Target><Button tone="quiet" aria-label={say('model.graph.more')} title={say('model.graph.more')}><IconDots size={15} aria-hidden /></Button></Menu.Target>
        <Menu.Dropdown>
          {shown.groups.size === 0 ? null : (
            <>
              <Menu.Item onClick={() => onChange(shown.opened('all'))}>{say('model.groups.open')}</Menu.Item>
              <Menu.Item onClick={() => onChange(shown.opened('none'))}>{say('model.groups.close')}</Menu.Item>
              <Menu.Item onClick={() => onChange(shown.opened('different'))}>{say('model.groups.alike')}</Menu.Item>
            </>
          )}
          {hasRoundings ? <Menu.Item rightSection={view.folded ? null : '✓'} onClick={() => onChange({ qdq: view.folded ? 'plain' : '' })}>{say('model.graph.qdq')}</Menu.Item> : null}
          <Menu.Item disabled={picture === null} onClick={() => { if (picture !== null) saveSvg(picture) }}>{say('model.save.svg')}</Menu.Item>
          <Menu.Item disabled={picture === null} onClick={() => { if (picture !== null) void savePng(picture) }}>{say('model.save.png')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
