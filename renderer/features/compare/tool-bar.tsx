import { IconArrowsExchange, IconArrowsVertical, IconBoxMargin, IconCrosshair, IconPlayerPause, IconPlayerPlay, IconSunHigh, IconVector } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { fixed, signed, significant } from '../../ui/format.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { isPlain } from './levels.ts'
import { MODES, type Look } from './look.ts'
import { SideMenu } from './side-menu.tsx'
import type { Faces } from './sides.ts'
import type { StageActs } from './stage-acts.ts'
import type { ChangeLook } from './use-look.ts'
import { useValue, type Value } from './value.ts'
import type { Seen } from './stage-acts.ts'
import { MODE_TEXTS } from './words.ts'

export type Tool = 'move' | 'region'

interface ToolBarProps {
  readonly faces: Faces
  readonly look: Look
  readonly change: ChangeLook
  readonly stage: Value<StageActs | null>
  readonly seen: Value<Seen | null>
  readonly tool: Tool
  readonly onTool: (tool: Tool) => void
  readonly pointed: boolean
  readonly onPointed: () => void
  readonly playing: boolean
  readonly onPlaying: () => void
  readonly onSwap: () => void
  /** Menus of the screen: another run, export. */
  readonly children: ReactNode
}

/** What is looked at, and how. */
export function ToolBar({ faces, look, change, stage, seen, tool, onTool, pointed, onPointed, playing, onPlaying, onSwap, children }: ToolBarProps) {
  const say = useSay()
  return (
    <>
      <div className="compare-bar">
        <Segmented label={say('compare.mode')} value={look.mode} onChange={(mode) => change({ mode })} choices={MODES.map((mode) => ({ value: mode, name: say(MODE_TEXTS[mode]) }))} />
        <span className="bar-space" />
        <Zoom seen={seen} />
        <Button tone="quiet" className="square" aria-label={say('picture.smaller')} title="−" onClick={() => stage.get()?.zoom(-1)}>−</Button>
        <Button tone="quiet" className="square" aria-label={say('picture.larger')} title="+" onClick={() => stage.get()?.zoom(1)}>+</Button>
        <Button tone="quiet" title="F" aria-pressed={look.zoom === null} onClick={() => stage.get()?.fit()}>{say('picture.fit')}</Button>
        <Button tone="quiet" title="1" onClick={() => stage.get()?.whole()}>{say('picture.whole')}</Button>
      </div>
      <div className="compare-bar">
        <SideMenu slot="a" faces={faces} look={look} change={change} />
        <Tool name={say('compare.swap')} letter="Space" onClick={onSwap}><IconArrowsExchange size={16} aria-hidden /></Tool>
        <SideMenu slot="b" faces={faces} look={look} change={change} />
        <ModeControls look={look} change={change} playing={playing} onPlaying={onPlaying} />
        <span className="bar-space" />
        {isPlain(look) ? null : (
          <Button tone="quiet" title={say('compare.plain')} onClick={() => change({ stops: 0, offset: 0 })}>
            <IconSunHigh size={15} aria-hidden /><span className="number">{signed(look.stops, 1)} EV {look.offset === 0 ? '' : signed(look.offset, 0)}</span>
          </Button>
        )}
        <Tool name={say('compare.region')} letter="R" on={tool === 'region'} onClick={() => onTool(tool === 'region' ? 'move' : 'region')}><IconVector size={16} aria-hidden /></Tool>
        <Tool name={say('compare.cursor')} letter="C" on={pointed} onClick={onPointed}><IconCrosshair size={16} aria-hidden /></Tool>
        <Tool name={say('compare.clips')} letter="V" on={look.marks} onClick={() => change({ marks: !look.marks })}><IconBoxMargin size={16} aria-hidden /></Tool>
        {children}
      </div>
    </>
  )
}

interface ToolProps {
  readonly name: string
  readonly letter: string
  readonly on?: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}

function Tool({ name, letter, on, onClick, children }: ToolProps) {
  return <Button tone="quiet" className="square" aria-label={name} title={`${name}  ${letter}`} aria-pressed={on} onClick={onClick}>{children}</Button>
}

function Zoom({ seen }: { readonly seen: Value<Seen | null> }) {
  const scale = useValue(seen)?.scale
  return <span className="number compare-zoom">{scale === undefined ? '' : `${scale < 1 ? significant(scale * 100, 3) : fixed(scale * 100, 0)} %`}</span>
}

type ModeControlsProps = Pick<ToolBarProps, 'look' | 'change' | 'playing' | 'onPlaying'>

function ModeControls({ look, change, playing, onPlaying }: ModeControlsProps) {
  const say = useSay()
  if (look.mode === 'split') return <Tool name={say('compare.turn')} letter="L" on={look.lying} onClick={() => change({ lying: !look.lying })}><IconArrowsVertical size={16} aria-hidden /></Tool>
  if (look.mode === 'blink') {
    return (
      <Button tone="quiet" title={`${say('compare.play')}  B`} aria-pressed={playing} onClick={onPlaying}>
        {playing ? <IconPlayerPause size={15} aria-hidden /> : <IconPlayerPlay size={15} aria-hidden />}{say('compare.play')}
      </Button>
    )
  }
  if (look.mode !== 'onion') return null
  return (
    <label className="compare-mix">
      <span className="unseen">{say('compare.mix')}</span>
      <input type="range" min={0} max={100} value={Math.round(look.mix * 100)} title={say('compare.mix')} onChange={(event) => change({ mix: Number(event.target.value) / 100 })} />
      <span className="number muted">{Math.round(look.mix * 100)} %</span>
    </label>
  )
}
