export interface Block {
  readonly kind: 'text' | 'head' | 'list' | 'code'
  readonly lines: readonly string[]
}

/** The blocks of a note: a blank line ends a paragraph, `#` begins a heading, `-` or `*` an entry, three backquotes hold code. */
export function blocksOf(source: string): readonly Block[] {
  const blocks: { kind: Block['kind']; lines: string[] }[] = []
  let isOpen = false
  let inCode = false
  for (const line of source.split(/\r?\n/)) {
    if (line.startsWith('```')) {
      inCode = !inCode
      if (inCode) blocks.push({ kind: 'code', lines: [] })
      isOpen = false
      continue
    }
    const kind = inCode ? 'code' : /^#{1,6}\s/.test(line) ? 'head' : /^\s*[-*]\s/.test(line) ? 'list' : 'text'
    const latest = blocks.at(-1)
    if (kind === 'text' && line.trim() === '') isOpen = false
    else if (latest !== undefined && latest.kind === kind && kind !== 'head' && (isOpen || inCode)) latest.lines.push(line)
    else {
      blocks.push({ kind, lines: [line] })
      isOpen = true
    }
  }
  return blocks
}
