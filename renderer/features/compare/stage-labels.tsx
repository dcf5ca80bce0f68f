import { Menu } from '@mantine/core'
import { useSay } from '../../texts/texts.ts'
import { fixed, significant } from '../../ui/format.ts'
import { ColorBar } from './difference-bar.tsx'
import type { Look } from './look.ts'
import type { Hold, Pane } from './panes.ts'
import { SideMark, useSideName } from './side-mark.tsx'
import { fourOf, sidesOf, type Faces, type Side } from './sides.ts'
import type { ChangeLook } from './use-look.ts'
import type { Scores } from './use-scores.ts'

interface StageLabelsProps {
  readonly panes: readonly Pane[]
  readonly look: Look
  readonly faces: Faces
  readonly scores: Scores
  readonly digits: number
  readonly density: number
  readonly scale: number
  readonly change: ChangeLook
  readonly hold: Hold
  readonly flipped: boolean
}

type Slot = 'a' | 'b' | 'c' | 'd'

/** Names and scores of what is shown, at the corners of the panes; a click chooses another. */
export function StageLabels(props: StageLabelsProps) {
  const { panes, look, faces, density, scale, hold } = props
  const say = useSay()
  const four = fourOf(faces, look)
  const label = (slot: Slot, side: Side, at: 'left' | 'right', pane: Pane) => <PaneLabel key={`${slot}${at}`} {...props} slot={slot} side={side} at={at} pane={pane} />
  const held: Side | null = hold === 'reference' ? (faces.reference === undefined ? null : 'reference') : hold === 'other' ? look.b : null
  const labels = (): React.ReactNode => {
    if (held !== null) return panes.map((pane) => <span key={pane.box.x + pane.box.y * 1e5} className="pane-label pane-held" style={placeOf(pane, 'left', density)}><SideMark side={held} /></span>)
    if (look.mode === 'four') return panes.map((pane, index) => label((['a', 'b', 'c', 'd'] as const)[index]!, four[index]!, 'left', pane))
    if (look.mode === 'two') return panes.map((pane, index) => label(index === 0 ? 'a' : 'b', index === 0 ? look.a : look.b, 'left', pane))
    if (look.mode === 'blink') return label(props.flipped ? 'b' : 'a', props.flipped ? look.b : look.a, 'left', panes[0]!)
    return [label('a', look.a, 'left', panes[0]!), label('b', look.b, 'right', panes[0]!)]
  }
  return (
    <>
      {labels()}
      {look.mode === 'difference' && held === null ? <span className="stage-note stage-colors"><ColorBar look={look} /></span> : null}
      {scale < 1 ? <span className="stage-note" role="note">{say('compare.scaled-down', { percent: significant(scale * 100, 3) })}</span> : null}
    </>
  )
}

const placeOf = ({ box }: Pane, at: 'left' | 'right', density: number): React.CSSProperties =>
  at === 'left' ? { left: box.x / density + 8, top: box.y / density + 8 } : { right: 8, top: box.y / density + 8 }

interface PaneLabelProps extends StageLabelsProps {
  readonly slot: Slot
  readonly side: Side
  readonly at: 'left' | 'right'
  readonly pane: Pane
}

function PaneLabel({ slot, side, at, pane, faces, scores, digits, density, change }: PaneLabelProps) {
  const say = useSay()
  const nameOf = useSideName()
  const score = scores[side]
  return (
    <Menu position={at === 'left' ? 'bottom-start' : 'bottom-end'} shadow="md" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button
          type="button" className="pane-label" style={placeOf(pane, at, density)} title={say('compare.choose-side', { name: nameOf(side) })}
          onPointerDown={(event) => event.stopPropagation()}
        >
          <SideMark side={side} />
          {score === undefined ? null : <b className="number">{fixed(score, Math.min(2, digits))}</b>}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {sidesOf(faces).map((each) => (
          <Menu.Item key={each} rightSection={each === side ? '✓' : null} onClick={() => change({ [slot]: each })}><SideMark side={each} /></Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
