/** A part of report.md. */
export type ReportBlock =
  | { readonly kind: 'title'; readonly text: string }
  | { readonly kind: 'head'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }

const unescaped = (text: string): string => text.replaceAll(/\\([\\|<>*_`[\]#])/g, '$1')

/** Cells of a line of a GitHub table; a bar that is escaped is a part of its cell. */
const cellsOf = (line: string): string[] => [...line.matchAll(/\|((?:\\.|[^|\\])*)(?=\|)/g)].map(([, cell = '']) => unescaped(cell.trim()))

/** Headings, tables and lines of the Markdown that the report's writer makes. */
export function blocksOfReport(source: string): readonly ReportBlock[] {
  const blocks: ReportBlock[] = []
  let table: string[] = []
  const endTable = (): void => {
    const [head, , ...rows] = table.map(cellsOf)
    if (head !== undefined) blocks.push({ kind: 'table', head, rows })
    table = []
  }
  for (const line of source.split('\n')) {
    if (line.startsWith('|')) {
      table.push(line)
      continue
    }
    endTable()
    const [, signs, text] = /^(#{1,2}) (.*)$/.exec(line) ?? []
    if (text !== undefined) blocks.push({ kind: signs === '#' ? 'title' : 'head', text: unescaped(text) })
    else if (line.trim() !== '') blocks.push({ kind: 'text', text: unescaped(line) })
  }
  endTable()
  return blocks
}
