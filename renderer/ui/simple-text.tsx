import { Fragment, type ReactNode } from 'react'
import { blocksOf } from './note-blocks.ts'

/** `code`, **strong**, *stressed*. Signs without a partner stay as they are. */
const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g

function inline(text: string): ReactNode[] {
  const parts: ReactNode[] = []
  let from = 0
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, stressed] = match
    parts.push(text.slice(from, match.index))
    parts.push(code !== undefined ? <code>{code}</code> : strong !== undefined ? <strong>{strong}</strong> : <em>{stressed}</em>)
    from = match.index + whole.length
  }
  return [...parts, text.slice(from)].map((part, place) => <Fragment key={place}>{part}</Fragment>)
}

/** A note in simple Markdown. It becomes elements of our own making: what looks like markup stays text. */
export function SimpleText({ source }: { readonly source: string }) {
  return (
    <div className="simple-text">
      {blocksOf(source).map(({ kind, lines }, place) => {
        if (kind === 'code') return <pre key={place} className="code">{lines.join('\n')}</pre>
        if (kind === 'head') return <p key={place}><strong>{inline(lines[0]!.replace(/^#+\s+/, ''))}</strong></p>
        if (kind === 'list') return <ul key={place}>{lines.map((line, entry) => <li key={entry}>{inline(line.replace(/^\s*[-*]\s+/, ''))}</li>)}</ul>
        return <p key={place}>{lines.map((line, part) => <Fragment key={part}>{part > 0 ? <br /> : null}{inline(line)}</Fragment>)}</p>
      })}
    </div>
  )
}
