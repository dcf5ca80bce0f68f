import type { ExportPreview } from '../../../preload/contract/index.ts'

type File = ExportPreview['files'][number]
export type Change = File['change'] | 'gone'

/** A line of the tree as it is drawn. */
export interface TreeRow {
  readonly path: string
  readonly name: string
  readonly depth: number
  readonly bytes: number
  readonly size: File['size']
  /** Null for a folder. */
  readonly change: Change | null
  /** Files below; 0 for a file. */
  readonly count: number
  readonly isOpen: boolean
}

/** Folders that hold more files than this are shut until they are opened. */
const MANY = 12

/** Files below their folders, what a person reads first before the folders. `turned`: folders that a person opened or shut. */
export function treeRows(files: readonly File[], gone: readonly string[], turned: ReadonlySet<string>): readonly TreeRow[] {
  const all = [...files.map(({ path, bytes, size, change }) => ({ path, bytes, size, change: change as Change })), ...gone.map((path) => ({ path, bytes: 0, size: 'exact' as const, change: 'gone' as Change }))]
  const rowsIn = (folder: string, depth: number): TreeRow[] => {
    const inside = all.filter(({ path }) => path.startsWith(folder))
    const names = [...new Set(inside.map(({ path }) => path.slice(folder.length)).filter((rest) => rest.includes('/')).map((rest) => rest.slice(0, rest.indexOf('/'))))].toSorted()
    const folders = names.flatMap((name): TreeRow[] => {
      const path = `${folder}${name}/`
      const below = inside.filter((file) => file.path.startsWith(path))
      const isOpen = below.length > MANY === turned.has(path)
      const row: TreeRow = { path, name, depth, bytes: below.reduce((sum, { bytes }) => sum + bytes, 0), size: sizeOfAll(below), change: null, count: below.length, isOpen }
      return isOpen ? [row, ...rowsIn(path, depth + 1)] : [row]
    })
    const own = inside.filter(({ path }) => !path.slice(folder.length).includes('/')).toSorted((a, b) => (a.path < b.path ? -1 : 1))
    return [...own.map((file): TreeRow => ({ ...file, name: file.path.slice(folder.length), depth, count: 0, isOpen: false })), ...folders]
  }
  return rowsIn('', 0)
}

/** What a sum of sizes is: one kind besides exact ones is its kind, several are about so much. */
function sizeOfAll(files: readonly { readonly size: File['size'] }[]): File['size'] {
  const [kind, ...others] = new Set(files.map(({ size }) => size).filter((size) => size !== 'exact'))
  return others.length > 0 ? 'about' : (kind ?? 'exact')
}

/** The file that is shown where the address names none: what a person reads first. */
export const firstFile = (files: readonly File[]): string => files.find(({ path }) => path === 'README.md')?.path ?? files.find(({ text }) => text !== null)?.path ?? ''
