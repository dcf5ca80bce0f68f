import { Fault } from '../core/fault.ts'

/** What an importer called the values of a model: name → operator of its own dialect. Constants are not in it. */
export interface VendorNames {
  /** File that they were read from. */
  readonly where: string
  readonly ops: ReadonlyMap<string, string>
}

const CONSTANTS = new Set(['Weight', 'None'])
const STRING = String.raw`"(?:[^"\\]|\\.)*"`
const LOCATION = new RegExp(String.raw`loc\((#loc\d*|fused(?:<[^>]*>)?\[[^\]]*\]|${STRING})\)`, 'g')
const ALIAS = new RegExp(String.raw`^(#loc\d*) = loc\((.*)\)$`)
const OPERATION = /"(?:top|tpu)\.(\w+)"\(/

/**
 * The names that a .mlir of tpu-mlir gives its values: `loc("…")` behind each operator, directly or by alias, and each of
 * `fused["…", "…"]`. Throws `input.vendor-names` where there are none.
 */
export function mlirNames(text: string, where: string): VendorNames {
  const lines = text.split(/\r?\n/)
  const aliases = new Map(lines.flatMap((line) => { const [, name, location] = ALIAS.exec(line.trim()) ?? []; return name === undefined ? [] : [[name, location!] as const] }))
  const namesOf = (location: string, depth = 0): string[] => {
    if (depth > 8) return []
    if (location.startsWith('#')) return namesOf(aliases.get(location) ?? '', depth + 1)
    if (location.startsWith('fused')) return [...location.slice(location.indexOf('[')).matchAll(new RegExp(`${STRING}|#loc\\d*`, 'g'))].flatMap(([one]) => namesOf(one, depth + 1))
    return location.startsWith('"') ? [plain(location.slice(1, -1))] : []
  }
  const ops = new Map<string, string>()
  for (const line of lines) {
    const op = OPERATION.exec(line)?.[1]
    const location = [...line.matchAll(LOCATION)].at(-1)?.[1]
    if (op === undefined || location === undefined || CONSTANTS.has(op)) continue
    for (const name of namesOf(location)) ops.set(name, op)
  }
  if (ops.size === 0) throw new Fault({ code: 'input.vendor-names', where, what: 'no operator with a name was found in it', next: 'Give the .mlir file that model_transform writes.' })
  return { where, ops }
}

/** MLIR writes other characters as two hexadecimal digits behind a backslash, byte by byte. */
function plain(text: string): string {
  const written = Buffer.from(text, 'utf8')
  const bytes: number[] = []
  for (let at = 0; at < written.length; at++) {
    if (written[at] !== 0x5c) { bytes.push(written[at]!); continue }
    const hex = written.toString('latin1', at + 1, at + 3)
    const isHex = /^[0-9A-Fa-f]{2}$/.test(hex)
    bytes.push(isHex ? Number.parseInt(hex, 16) : written[at + 1]!)
    at += isHex ? 2 : 1
  }
  return Buffer.from(bytes).toString('utf8')
}

/**
 * What the importer calls a value: as it should by its own rule, else under the bare name, else the only name that begins with it (an operator
 * that it turned into another). undefined: it knows none.
 */
export function vendorNameOf({ ops }: VendorNames, rule: string, value: string): string | undefined {
  if (ops.has(rule)) return rule
  if (ops.has(value)) return value
  const begun = [...ops.keys()].filter((name) => name.startsWith(`${value}_`) && /^[A-Z]\w*$/.test(name.slice(value.length + 1)))
  return begun.length === 1 ? begun[0] : undefined
}
