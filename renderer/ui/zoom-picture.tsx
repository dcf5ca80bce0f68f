import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { artifactBytes } from '../client.ts'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'
import { FaultNotice } from './fault-notice.tsx'
import { useFrameSize } from './use-frame-size.ts'
import { useWheel } from './use-wheel.ts'
import { centred, fitted, moved, pixelAt, zoomed, type View } from './view.ts'

interface ZoomPictureProps {
  /** Where the bytes are. */
  readonly path: string
  /** What it shows, in words. */
  readonly label: string
}

/** A picture from its bytes: colours as stored, pixels as pixels. Wheel and keys zoom, dragging moves, the line below tells the value. */
export function ZoomPicture({ path, label }: ZoomPictureProps) {
  const { data, error } = useQuery({
    queryKey: ['picture', path],
    queryFn: async ({ signal }) => createImageBitmap(await artifactBytes(path, signal), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' }),
    staleTime: Infinity,
  })
  if (error !== null) return <FaultNotice fault={error} />
  return data === undefined ? <div className="picture" /> : <Picture bitmap={data} label={label} />
}

function Picture({ bitmap, label }: { readonly bitmap: ImageBitmap; readonly label: string }) {
  const say = useSay()
  const values = useMemo(() => valuesOf(bitmap), [bitmap])
  const canvas = useRef<HTMLCanvasElement>(null)
  const { frame, size } = useFrameSize()
  /** Null: fitted, and fitted again when the frame changes. */
  const [chosen, setChosen] = useState<View | null>(null)
  const [pointer, setPointer] = useState<{ readonly x: number; readonly y: number } | null>(null)
  const view = chosen ?? (size === null ? null : fitted(bitmap, size))
  const middle = { x: (size?.width ?? 0) / 2, y: (size?.height ?? 0) / 2 }

  useEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(values, 0, 0)
  }, [values])

  useWheel(frame, (event) => {
    if (frame.current === null || view === null) return
    const box = frame.current.getBoundingClientRect()
    setChosen(zoomed(view, event.deltaY < 0 ? 1.25 : 0.8, { x: event.clientX - box.x, y: event.clientY - box.y }))
  })

  function onKeyDown(event: KeyboardEvent): void {
    if (view === null || size === null || event.ctrlKey || event.metaKey || event.altKey) return
    const step = event.shiftKey ? 80 : 16
    const acts: Readonly<Record<string, () => View | null>> = {
      '+': () => zoomed(view, 1.25, middle), '=': () => zoomed(view, 1.25, middle), '-': () => zoomed(view, 0.8, middle),
      f: () => null, 1: () => centred(bitmap, size, 1),
      ArrowLeft: () => moved(view, step, 0), ArrowRight: () => moved(view, -step, 0),
      ArrowUp: () => moved(view, 0, step), ArrowDown: () => moved(view, 0, -step),
    }
    const act = acts[event.key]
    if (act === undefined) return
    setChosen(act())
    event.preventDefault()
  }

  function onPointerMove(event: PointerEvent): void {
    const box = event.currentTarget.getBoundingClientRect()
    setPointer({ x: event.clientX - box.x, y: event.clientY - box.y })
    if (event.buttons === 1 && view !== null) setChosen(moved(view, event.movementX, event.movementY))
  }

  return (
    <div className="picture">
      <div
        className="picture-frame" ref={frame} tabIndex={0} role="group" aria-label={say('picture.frame')} onKeyDown={onKeyDown}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove={onPointerMove} onPointerLeave={() => setPointer(null)}
        onDoubleClick={() => setChosen(null)}
      >
        <canvas
          ref={canvas} width={bitmap.width} height={bitmap.height} role="img" aria-label={label}
          data-whole={(view !== null && view.scale >= 1) || undefined}
          style={view === null ? { visibility: 'hidden' } : { width: bitmap.width * view.scale, height: bitmap.height * view.scale, transform: `translate(${view.x}px, ${view.y}px)` }}
        />
      </div>
      <div className="picture-line">
        <span className="number picture-probe">{probe(values, view, pointer) ?? `${bitmap.width} × ${bitmap.height}`}</span>
        <span className="bar-space" />
        <span className="number muted">{view === null ? '' : `${Math.round(view.scale * 100)} %`}</span>
        <Button tone="quiet" aria-label={say('picture.smaller')} onClick={() => { if (view !== null) setChosen(zoomed(view, 0.8, middle)) }}>−</Button>
        <Button tone="quiet" aria-label={say('picture.larger')} onClick={() => { if (view !== null) setChosen(zoomed(view, 1.25, middle)) }}>+</Button>
        <Button tone="quiet" aria-pressed={chosen === null} onClick={() => setChosen(null)}>{say('picture.fit')}</Button>
        <Button tone="quiet" onClick={() => { if (size !== null) setChosen(centred(bitmap, size, 1)) }}>{say('picture.whole')}</Button>
      </div>
    </div>
  )
}

/** The values of a picture, as they are drawn. */
function valuesOf(bitmap: ImageBitmap): ImageData {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('the browser gives no canvas')
  context.drawImage(bitmap, 0, 0)
  return context.getImageData(0, 0, bitmap.width, bitmap.height)
}

/** Place and value of the pixel below the pointer. */
function probe(values: ImageData, view: View | null, pointer: { readonly x: number; readonly y: number } | null): string | null {
  const pixel = view === null || pointer === null ? null : pixelAt(view, values, pointer)
  if (pixel === null) return null
  const at = (pixel.y * values.width + pixel.x) * 4
  return `x ${pixel.x} y ${pixel.y}   ${values.data.subarray(at, at + 3).join(' ')}`
}
