import { useEffect, useMemo, useRef, type PointerEvent } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { fixed, significant } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { smallErrors, type PairFacts } from './analysis.ts'
import { colorsOf, gradientOf, type ColorMap } from './color-maps.ts'
import { useSideName } from './side-mark.tsx'
import type { Side } from './sides.ts'
import type { Seen } from './stage-acts.ts'
import { useValue, type Value } from './value.ts'

/** Cells along the longer side. */
const CELLS = 288
/** Of the window, in percent. */
const MOST_HEIGHT = 30

interface ErrorMapProps {
  readonly facts: PairFacts | null
  readonly a: Side
  readonly b: Side
  readonly map: ColorMap
  readonly seen: Value<Seen | null>
  readonly onGo: (cx: number, cy: number) => void
  readonly onTile: () => void
}

/** Where both sides differ: the whole picture small, with the part that is looked at. A click goes there. */
export function ErrorMap({ facts, a, b, map, seen, onGo, onTile }: ErrorMapProps) {
  const say = useSay()
  const nameOf = useSideName()
  const canvas = useRef<HTMLCanvasElement>(null)
  const small = useMemo(() => (facts === null ? null : smallErrors(facts, CELLS)), [facts])
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (small === null || !context) return
    const colors = colorsOf(map)
    const rgba = new Uint8ClampedArray(small.cells.length * 4).fill(255)
    for (const [index, value] of small.cells.entries()) {
      const color = Math.round(255 * (small.top === 0 ? 0 : value / small.top)) * 3
      rgba.set(colors.subarray(color, color + 3), index * 4)
    }
    context.putImageData(new ImageData(rgba, small.width, small.height), 0, 0)
  }, [small, map])

  function go(event: PointerEvent): void {
    if (facts === null) return
    const box = event.currentTarget.getBoundingClientRect()
    onGo(((event.clientX - box.x) / box.width) * facts.width, ((event.clientY - box.y) / box.height) * facts.height)
  }
  const title = say('compare.error-map')
  return (
    <Panel title={title} aside={<Button tone="quiet" disabled={facts === null} title={`${say('compare.worst-tile.what')}  Shift W`} onClick={onTile}>{say('compare.worst-tile')}</Button>}>
      <p className="panel-text error-map-between">{nameOf(a)} → {nameOf(b)}</p>
      <div
        className="error-map" style={facts === null ? undefined : { aspectRatio: `${facts.width} / ${facts.height}`, width: `min(100% - 24px, ${(facts.width / facts.height) * MOST_HEIGHT}vh)` }}
        onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); go(event) }} onPointerMove={(event) => { if (event.buttons === 1) go(event) }}
      >
        {small === null ? null : (
          <canvas ref={canvas} width={small.width} height={small.height} role="img" aria-label={say('compare.error-map.alt', { mean: significant(facts?.mean, 3), max: significant(facts?.max, 3) })} />
        )}
        {facts === null ? null : <SeenPart seen={seen} facts={facts} />}
      </div>
      <div className="color-bar number"><span>0</span><i style={{ background: gradientOf(map) }} /><span>{significant(small?.top, 3)} LSB</span></div>
      <dl className="error-facts number">
        <div><dt>{say('compare.mean-error')}</dt><dd>{significant(facts?.mean, 3)}</dd></div>
        <div><dt>{say('compare.max-error')}</dt><dd>{significant(facts?.max, 3)}</dd></div>
        <div><dt>{say('compare.differing')}</dt><dd>{facts === null ? '–' : `${fixed(facts.differing * 100, 1)} %`}</dd></div>
      </dl>
    </Panel>
  )
}

function SeenPart({ seen, facts: { width, height } }: { readonly seen: Value<Seen | null>; readonly facts: PairFacts }) {
  const part = useValue(seen)?.part
  if (part === undefined) return null
  const share = (value: number, of: number): number => Math.max(0, Math.min(1, value / of))
  const [left, top, right, bottom] = [share(part.x, width), share(part.y, height), share(part.x + part.width, width), share(part.y + part.height, height)]
  if (left === 0 && top === 0 && right === 1 && bottom === 1) return null
  return <span className="error-map-seen" style={{ left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` }} />
}
