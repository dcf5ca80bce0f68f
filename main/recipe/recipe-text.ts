import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Document } from 'yaml'
import { Fault } from '../core/fault.ts'

export type KeyPath = readonly (string | number)[]

/** A recipe as it was written, before it is checked, and where each part of it stands. */
export interface RecipeText {
  readonly value: unknown
  /** `recipe.yaml:12:5` of a key or of its value; of the nearest thing around it where it is not written at all. */
  locate(path: KeyPath, part: 'key' | 'value'): string
}

/** YAML (or JSON) text into plain values. Throws `recipe.syntax` and `recipe.empty` with line and column. */
export function parseRecipeText(source: string, name: string): RecipeText {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem) throw syntaxFault(problem.message, place(problem.pos[0]))
  if (document.contents === null) {
    throw new Fault({ code: 'recipe.empty', what: 'the recipe is empty', where: name, next: 'A recipe needs at least `model: path.onnx`.' })
  }
  refuseWhatJsonCannotHold(document, place)
  return { value: plainValue(document, name), locate: (path, part) => place(offsetOf(document, path, part)) }
}

const syntaxFault = (message: string, where: string): Fault =>
  new Fault({
    code: 'recipe.syntax',
    what: `this is not valid YAML: ${message}`,
    where,
    next: 'Correct the line; indentation is two spaces, and a text with `:` or `#` in it stands in quotes.',
  })

function refuseWhatJsonCannotHold(document: Document, place: (offset: number) => string): void {
  visit(document, {
    Alias: (_key, node) => {
      if (!node.resolve(document)) throw syntaxFault(`the alias *${node.source} names no anchor before it`, place(node.range![0]))
    },
    Pair: (_key, pair) => {
      if (isScalar(pair.key)) return
      throw syntaxFault('a key must be a plain text', place((isNode(pair.key) && pair.key.range?.[0]) || 0))
    },
  })
}

function plainValue(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new Fault({
      code: 'recipe.syntax',
      what: `the recipe cannot be expanded: ${error instanceof Error ? error.message : String(error)}`,
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
