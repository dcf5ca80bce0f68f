import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Document } from 'yaml'
import { Fault } from './fault.ts'
import type { FaultCode } from './fault.ts'

export type KeyPath = readonly (string | number)[]

/** A file as it was written, before it is checked, and where each part of it stands. */
export interface YamlText {
  readonly value: unknown
  /** `file.yaml:12:5` of a key or of its value; of the nearest thing around it where it is not written at all. */
  locate(path: KeyPath, part: 'key' | 'value'): string
}

/** What a kind of file is called in its faults. */
export interface YamlWords {
  /** `recipe`, as in `the recipe is empty`. */
  readonly what: string
  readonly syntax: FaultCode
  readonly empty: FaultCode
  /** What to do about an empty one. */
  readonly least: string
}

/** YAML (or JSON) text into plain values. Throws the Faults of `words` with line and column. */
export function parseYamlText(source: string, name: string, words: YamlWords): YamlText {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem) throw syntaxFault(problem.message, place(problem.pos[0]), words)
  if (document.contents === null) {
    throw new Fault({ code: words.empty, what: `the ${words.what} is empty`, where: name, next: words.least })
  }
  refuseWhatJsonCannotHold(document, place, words)
  return { value: plainValue(document, name, words), locate: (path, part) => place(offsetOf(document, path, part)) }
}

const syntaxFault = (message: string, where: string, words: YamlWords): Fault =>
  new Fault({
    code: words.syntax,
    what: `this is not valid YAML: ${message}`,
    where,
    next: 'Correct the line; indentation is two spaces, and a text with `:` or `#` in it stands in quotes.',
  })

function refuseWhatJsonCannotHold(document: Document, place: (offset: number) => string, words: YamlWords): void {
  visit(document, {
    Alias: (_key, node) => {
      if (!node.resolve(document)) throw syntaxFault(`the alias *${node.source} names no anchor before it`, place(node.range![0]), words)
    },
    Pair: (_key, pair) => {
      if (isScalar(pair.key)) return
      throw syntaxFault('a key must be a plain text', place((isNode(pair.key) && pair.key.range?.[0]) || 0), words)
    },
  })
}

function plainValue(document: Document, name: string, words: YamlWords): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new Fault({
      code: words.syntax,
      what: `the ${words.what} cannot be expanded: ${error instanceof Error ? error.message : String(error)}`,
      where: name,
      next: 'Write the repeated parts out instead of using aliases.',
    }, { cause: error })
  }
}

function offsetOf(document: Document, path: KeyPath, part: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = 0
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) break
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0]
      if (depth === path.length - 1 && part === 'key') break
      next = pair.value
    } else if (isSeq(node)) next = node.items[Number(key)]
    if (next === undefined || next === null) break
    node = next
    if (isNode(node) && node.range) offset = node.range[0]
  }
  return offset
}
