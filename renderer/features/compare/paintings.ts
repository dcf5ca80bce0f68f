import type { Size } from '../../ui/view.ts'
import type { RowPainter } from './levels.ts'
import { inSlices } from './slices.ts'

/** A painted picture. */
export interface Painting extends Size {
  readonly rgba: Uint8ClampedArray<ArrayBuffer>
  /** Ready to be put on the screen; null where only its values were asked for. */
  readonly bitmap: ImageBitmap | null
}

interface Wish {
  readonly size: Size
  readonly rows: RowPainter
  readonly forScreen: boolean
}

/** Paintings that no frame asks for any more, kept for the next flip back. */
const SPARE = 6

export interface Paintings {
  /** A frame begins: what it asks for from here on is what is wanted. */
  begin(): void
  /** The painting, with its bitmap where it is `forScreen`; null while it is not done. The first asked for is painted first. */
  get(key: string, size: Size, rows: () => RowPainter, forScreen?: boolean): Painting | null
  /** Any painting that is done and has a bitmap, of a key that begins so. */
  like(beginning: string): Painting | null
  close(): void
}

/** Paints pictures once, a few milliseconds at a time, and keeps them. `onReady` after each one that is done. */
export function openPaintings(onReady: () => void): Paintings {
  const done = new Map<string, Painting>()
  const wishes = new Map<string, Wish>()
  const stop = new AbortController()
  let isPainting = false

  async function paintAll(): Promise<void> {
    if (isPainting) return
    isPainting = true
    try {
      for (let next = first(wishes, done); next !== null; next = first(wishes, done)) {
        const [key, wish] = next
        const painting = await paint(wish, done.get(key), stop.signal)
        if (stop.signal.aborted) return painting.bitmap?.close()
        done.set(key, painting)
        dropSpare(done, wishes)
        onReady()
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error
    } finally {
      isPainting = false
    }
  }

  return {
    begin: () => wishes.clear(),
    get(key, size, rows, forScreen = true) {
      const painting = done.get(key)
      const known = wishes.get(key)
      if (known === undefined || (forScreen && !known.forScreen)) wishes.set(key, { size, rows: painting === undefined ? rows() : nothing, forScreen })
      if (painting !== undefined && (!forScreen || painting.bitmap !== null)) return painting
      void paintAll()
      return null
    },
    like: (beginning) => [...done].find(([key, { bitmap }]) => key.startsWith(beginning) && bitmap !== null)?.[1] ?? null,
    close() {
      stop.abort()
      for (const { bitmap } of done.values()) bitmap?.close()
      done.clear()
      wishes.clear()
    },
  }
}

const nothing = (): void => undefined

function first(wishes: ReadonlyMap<string, Wish>, done: ReadonlyMap<string, Painting>): readonly [string, Wish] | null {
  for (const [key, wish] of wishes) {
    const painting = done.get(key)
    if (painting === undefined || (wish.forScreen && painting.bitmap === null)) return [key, wish]
  }
  return null
}

async function paint({ size, rows, forScreen }: Wish, painted: Painting | undefined, signal: AbortSignal): Promise<Painting> {
  const rgba = painted?.rgba ?? new Uint8ClampedArray(size.width * size.height * 4)
  if (painted === undefined) await inSlices(size.height, (from, to) => rows(rgba, from, to), signal, Math.max(1, Math.round(16384 / size.width)))
  if (!forScreen) return { ...size, rgba, bitmap: null }
  const bitmap = await createImageBitmap(new ImageData(rgba, size.width, size.height), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' })
  return { ...size, rgba, bitmap }
}

function dropSpare(done: Map<string, Painting>, wishes: ReadonlyMap<string, Wish>): void {
  const spare = [...done.keys()].filter((key) => !wishes.has(key))
  for (const key of spare.slice(0, Math.max(0, spare.length - SPARE))) {
    done.get(key)?.bitmap?.close()
    done.delete(key)
  }
}
