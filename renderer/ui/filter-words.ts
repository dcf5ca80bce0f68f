export type Sense = ':' | '=' | '<' | '<=' | '>' | '>='

/** A word of a filter line: plain text, or `field`, how it is compared, and with what. */
export interface FilterWord {
  /** '' for plain text. */
  readonly field: string
  readonly sense: Sense
  /** Without quotes. */
  readonly value: string
  /** The value as a number, where it is one; a unit behind it (`dB`, `%`) is left away. */
  readonly number: number | null
  /** As it was typed. */
  readonly source: string
}

/** A text in quotes may hold blanks, alone or behind a field. */
const WORDS = /(?:[\p{L}\w-]+(?:<=|>=|[:<>=]))?"[^"]*"|\S+/gu
const PARTS = /^([\p{L}\w-]+)(<=|>=|[:<>=])(.*)$/su
const NUMBER = /^[+\-−]?(?:\d+\.?\d*|\.\d+)(?:e[+\-−]?\d+)?$/i

/** A line such as `sqnr<40 op:Conv "two words" clip>=0.1%` in words. */
export function filterWords(line: string): readonly FilterWord[] {
  return (line.match(WORDS) ?? []).map((source) => {
    const [, field = '', sense = ':', rest = source] = source.startsWith('"') ? [] : (PARTS.exec(source) ?? [])
    const value = rest.replaceAll('"', '')
    return { field: field.toLowerCase(), sense: sense as Sense, value, number: numberOf(value), source }
  })
}

function numberOf(value: string): number | null {
  const bare = value.replace(/\s*(?:dB|%)$/i, '')
  return NUMBER.test(bare) ? Number(bare.replaceAll('−', '-')) : null
}

/** Whether a number stands as the word says; one that is not known never does. */
export function fitsNumber(known: number | null | undefined, { sense, number }: FilterWord): boolean {
  if (known === null || known === undefined || number === null) return false
  if (sense === '<') return known < number
  if (sense === '<=') return known <= number
  if (sense === '>') return known > number
  return sense === '>=' ? known >= number : known === number
}

/** A test whether a text holds a value, whatever the case; `*` stands for anything. Made once for all rows. */
export function textTest(value: string): (known: string) => boolean {
  const wanted = value.toLowerCase()
  if (!wanted.includes('*')) return (known) => known.toLowerCase().includes(wanted)
  const pattern = wanted.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*')
  const form = new RegExp(`^${pattern}$`, 's')
  return (known) => form.test(known.toLowerCase())
}
