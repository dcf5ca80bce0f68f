import type { RawPicture } from '../../../preload/contract/index.ts'

/** What can be looked at: versions of the run, its reference and enlarged input, and versions of a second run. */
export const SIDES = ['float', 'simulated', 'fused', 'reference', 'bicubic', 'other-float', 'other-simulated', 'other-fused'] as const
export type Side = (typeof SIDES)[number]

export type Faces = Readonly<Partial<Record<Side, RawPicture>>>

export const isSide = (text: string | null): text is Side => text !== null && (SIDES as readonly string[]).includes(text)

/** What a side is, whichever run it comes from: it gives its colour and its word. */
export const versionOf = (side: Side): 'float' | 'simulated' | 'fused' | 'reference' | 'bicubic' => side.replace('other-', '') as ReturnType<typeof versionOf>

export const isOther = (side: Side): boolean => side.startsWith('other-')

/** The sides that are there, in their order. */
export const sidesOf = (faces: Faces): readonly Side[] => SIDES.filter((side) => faces[side] !== undefined)

/** The side that was asked for, or the first of `instead` that is there. */
export const standIn = (faces: Faces, wish: Side | null, ...instead: readonly Side[]): Side | null =>
  [...(wish === null ? [] : [wish]), ...instead, ...SIDES].find((side) => faces[side] !== undefined) ?? null

/** The four panes of 4-up: the two sides, then what was chosen for the others, or what is left. */
export function fourOf(faces: Faces, { a, b, c, d }: { readonly a: Side; readonly b: Side; readonly c: Side | null; readonly d: Side | null }): readonly Side[] {
  const left = sidesOf(faces).filter((side) => side !== a && side !== b && side !== c && side !== d)
  const third = c ?? left.shift() ?? a
  const fourth = d ?? left.shift() ?? b
  return [a, b, third, fourth]
}
