import { useEffect, useLayoutEffect, useMemo, useRef, useState, type PointerEvent, type RefObject } from 'react'
import { useColorScheme, useSettings } from '../../app/settings.ts'
import { useSay } from '../../texts/texts.ts'
import { useFrameSize } from '../../ui/use-frame-size.ts'
import { useWheel } from '../../ui/use-wheel.ts'
import { pixelAt, type Middle, type Point, type Size } from '../../ui/view.ts'
import { Divider } from './divider.tsx'
import type { Look } from './look.ts'
import { middleIn, regionBetween, type Spot } from './moves.ts'
import { openPainter } from './painter.ts'
import { paneAt, panesOf, type Hold, type Pane } from './panes.ts'
import type { Region } from './psnr.ts'
import { viewIn, type Scene } from './scene.ts'
import { standIn, type Faces } from './sides.ts'
import { actsOf, draggedBy, partSeen, zoomedAt, type Seen, type StageActs, type Standing } from './stage-acts.ts'
import { StageLabels } from './stage-labels.tsx'
import type { ChangeLook } from './use-look.ts'
import type { Scores } from './use-scores.ts'
import type { Value } from './value.ts'
import { MODE_TEXTS } from './words.ts'

export interface StageProps {
  readonly faces: Faces
  readonly look: Look
  readonly change: ChangeLook
  readonly scores: Scores
  readonly digits: number
  readonly hold: Hold
  readonly flipped: boolean
  readonly loupe: boolean
  readonly tool: 'move' | 'region'
  /** The cursor is shown and moved by keys. */
  readonly pointed: boolean
  /** The sample whose pictures are being made while those of another are shown. */
  readonly waitsFor: string | null
  readonly regionTexts: readonly string[]
  readonly spot: Value<Spot | null>
  readonly seen: Value<Seen | null>
  readonly onRegion: (region: Region) => void
  /** Where the stage says what keys may do to it. */
  readonly stage: Value<StageActs | null>
}

/** Canvas colours of the versions, as the theme has them. */
function useVersionColor(): Scene['color'] {
  useSettings()
  const scheme = useColorScheme()
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement)
    return (version) => style.getPropertyValue(`--${version === 'bicubic' ? 'faint' : version}`).trim()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another theme has other colours under the same names
  }, [scheme])
}

/** The picture: one canvas for all panes, drawn from raw levels. */
export function Stage(props: StageProps) {
  const { faces, look, change, hold, flipped, loupe, tool, pointed, spot, seen, stage } = props
  const say = useSay()
  const { frame, size } = useFrameSize()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [draft, setDraft] = useState<Region | null>(null)
  const color = useVersionColor()
  const density = size?.ratio ?? devicePixelRatio
  const picture = faces[standIn(faces, look.a) ?? 'float']!
  const screen: Size = size === null ? { width: 0, height: 0 } : { width: Math.round(size.width * density), height: Math.round(size.height * density) }
  const panes = panesOf(look, faces, screen, hold, flipped)
  const { box } = panes[0]!
  const middle = middleIn(look, picture, box)
  const standing: Standing = { middle, picture, box }

  const [painter] = useState(() => openPainter(spot))
  useLayoutEffect(() => (canvas.current === null ? undefined : painter.attach(canvas.current)), [painter])
  useLayoutEffect(() => {
    const regions = look.regions.map((region, index) => ({ region, text: props.regionTexts[index] ?? '' }))
    painter.show({ faces, look, middle, hold, flipped, pointed, loupe, density, color, draft, regions }, screen)
    stage.set(actsOf({ standing, pointed, spot, change, draw: painter.draw, focus: () => frame.current?.focus({ preventScroll: true }) }))
  })
  useEffect(() => {
    if (box.width > 0) seen.set({ part: partSeen(standing), scale: middle.scale })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what stands where is made anew by every drawing
  }, [seen, middle.scale, middle.cx, middle.cy, box.width, box.height])
  const pointer = usePointer({ ...props, standing, panes, canvas, frame, density, draft, setDraft })

  return (
    <div className="stage" ref={frame} tabIndex={0} role="group" aria-label={say('compare.stage')} data-tool={tool} {...pointer}>
      <canvas
        ref={canvas} width={screen.width} height={screen.height} style={{ width: screen.width / density, height: screen.height / density }} role="img"
        aria-label={say('compare.canvas', { mode: say(MODE_TEXTS[look.mode]) })}
      />
      {props.waitsFor === null ? null : <span className="stage-note stage-waits" role="status">{say('compare.waiting', { name: props.waitsFor })}</span>}
      <StageLabels panes={panes} look={look} faces={faces} scores={props.scores} digits={props.digits} density={density} scale={middle.scale} change={change} hold={hold} flipped={flipped} />
      {look.mode === 'split' ? <Divider look={look} isHidden={hold !== null} onMove={(x) => change({ x })} /> : null}
    </div>
  )
}

interface Pointing extends Pick<StageProps, 'change' | 'tool' | 'pointed' | 'spot' | 'onRegion'> {
  readonly standing: Standing
  readonly panes: readonly Pane[]
  readonly canvas: RefObject<HTMLCanvasElement | null>
  readonly frame: RefObject<HTMLDivElement | null>
  readonly density: number
  readonly draft: Region | null
  readonly setDraft: (draft: Region | null) => void
}

/** So much wheel is one step: a notch of a mouse, or a stretch of a touchpad. */
const NOTCH = 50

/** Wheel, dragging and pointing. */
function usePointer({ change, tool, pointed, spot, onRegion, standing, panes, canvas, frame, density, draft, setDraft }: Pointing) {
  const started = useRef<Spot | null>(null)
  const turned = useRef(0)
  const goTo = ({ scale, cx, cy }: Middle): void => change({ zoom: scale, cx, cy })
  const inScreen = (event: { readonly clientX: number; readonly clientY: number }): Point => {
    const { x, y } = canvas.current!.getBoundingClientRect()
    return { x: (event.clientX - x) * density, y: (event.clientY - y) * density }
  }
  const pixelUnder = (at: Point): Spot | null => {
    const pane = paneAt(panes, at.x, at.y)
    return pane === undefined ? null : pixelAt(viewIn(pane.box, standing.middle), standing.picture, at)
  }
  useWheel(frame, (event) => {
    turned.current = Math.abs(event.deltaY) >= NOTCH ? Math.sign(event.deltaY) * NOTCH : turned.current + event.deltaY
    if (Math.abs(turned.current) < NOTCH) return
    const at = inScreen(event)
    const pane = paneAt(panes, at.x, at.y)
    if (pane !== undefined) goTo(zoomedAt({ ...standing, box: pane.box }, turned.current < 0 ? 1 : -1, at))
    turned.current = 0
  })
  const drop = (): void => {
    started.current = null
    setDraft(null)
  }
  return {
    onPointerDown(event: PointerEvent): void {
      if (event.button !== 0) return
      frame.current?.focus({ preventScroll: true })
      event.currentTarget.setPointerCapture(event.pointerId)
      if (tool === 'region') started.current = pixelUnder(inScreen(event))
    },
    onPointerMove(event: PointerEvent): void {
      const pixel = pixelUnder(inScreen(event))
      if (!pointed || event.buttons === 1) spot.set(pixel)
      if (event.buttons !== 1) return
      if (tool === 'move') goTo(draggedBy(standing, event.movementX * density, event.movementY * density))
      else if (started.current !== null && pixel !== null) setDraft(regionBetween(started.current, pixel))
    },
    onPointerUp(): void {
      if (draft !== null && draft.width > 1 && draft.height > 1) onRegion(draft)
      drop()
    },
    onPointerCancel: drop,
    onPointerLeave(): void {
      if (!pointed) spot.set(null)
    },
  }
}
