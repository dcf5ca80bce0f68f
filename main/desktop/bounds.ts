import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomic } from '../core/files.ts'

/** A rectangle of the desktop in device-independent pixels. */
export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where a window stands; without x and y the system decides. */
export interface Bounds {
  readonly x?: number
  readonly y?: number
  readonly width: number
  readonly height: number
}

const KEPT = z.strictObject({ x: z.int(), y: z.int(), width: z.int().min(1).max(1 << 15), height: z.int().min(1).max(1 << 15) })
const FIRST: Bounds = { width: 1440, height: 900 }
/** So much of a window must be seen to be found with the mouse. */
const SEEN = 120

/** Where a window stood last, on the displays that there are now: as large as it was, if it can be; else where the system puts one. */
export function fittingBounds(kept: Rectangle | null, displays: readonly Rectangle[]): Bounds {
  const display = kept && displays.find((one) => overlap(kept.x, kept.width, one.x, one.width) >= SEEN && overlap(kept.y, kept.height, one.y, one.height) >= SEEN)
  if (kept && display) return { ...kept, width: Math.min(kept.width, display.width), height: Math.min(kept.height, display.height) }
  const [main] = displays
  const wanted = kept ?? FIRST
  return main ? { width: Math.min(wanted.width, main.width), height: Math.min(wanted.height, main.height) } : { width: wanted.width, height: wanted.height }
}

const overlap = (a: number, aSize: number, b: number, bSize: number): number => Math.min(a + aSize, b + bSize) - Math.max(a, b)

/** What was kept; null where nothing was or it is not ours any more. */
export async function readBounds(path: string): Promise<Rectangle | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'null'
    throw error
  })
  try {
    return KEPT.safeParse(JSON.parse(text)).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export const keepBounds = (path: string, { x, y, width, height }: Rectangle): Promise<void> => writeFileAtomic(path, `${JSON.stringify({ x, y, width, height })}\n`)
