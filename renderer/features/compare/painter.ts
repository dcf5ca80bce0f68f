import type { Size } from '../../ui/view.ts'
import type { Spot } from './moves.ts'
import { paintScene } from './paint.ts'
import { openPaintings, type Paintings } from './paintings.ts'
import type { Scene } from './scene.ts'
import type { Value } from './value.ts'

export type Shown = Omit<Scene, 'cursor'>

/** Keeps a canvas at what is to be shown: draws whenever something changed, at most once a frame. */
export interface Painter {
  /** Begins to draw on a canvas; ends when the function that it gives back is called. */
  attach(canvas: HTMLCanvasElement): () => void
  show(scene: Shown, screen: Size): void
  /** Draws at once. Null: there is nothing to draw on yet. */
  draw(): { readonly canvas: HTMLCanvasElement; readonly scale: number } | null
}

/** `data-state` of the canvas is `painted` once nothing is missing. */
export function openPainter(spot: Value<Spot | null>): Painter {
  let canvas: HTMLCanvasElement | null = null
  let shown: { readonly scene: Shown; readonly screen: Size } | null = null
  let paintings: Paintings | null = null
  let frame = 0

  const draw = (): ReturnType<Painter['draw']> => {
    const context = canvas?.getContext('2d', { alpha: false })
    if (canvas === null || !context || shown === null || paintings === null || canvas.width === 0) return null
    const { scene, screen } = shown
    const isWhole = paintScene(context, screen, { ...scene, cursor: spot.get() }, paintings)
    canvas.dataset['state'] = isWhole ? 'painted' : 'painting'
    return { canvas, scale: scene.middle.scale }
  }
  const invalidate = (): void => {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(draw)
  }
  return {
    attach(element) {
      canvas = element
      paintings ??= openPaintings(invalidate)
      const leave = spot.follow(() => {
        if (shown?.scene.loupe || shown?.scene.pointed) invalidate()
      })
      invalidate()
      return () => {
        leave()
        cancelAnimationFrame(frame)
        paintings?.close()
        paintings = null
        canvas = null
      }
    },
    show(scene, screen) {
      if (shown !== null && shown.scene.faces !== scene.faces) {
        paintings?.close()
        paintings = canvas === null ? null : openPaintings(invalidate)
      }
      shown = { scene, screen }
      if (canvas !== null) canvas.dataset['state'] = 'painting'
      invalidate()
    },
    draw,
  }
}
