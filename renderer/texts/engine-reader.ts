interface Pattern {
  readonly shape: RegExp
  readonly literal: number
  readonly hasWords: boolean
  readonly target: string
}

interface Book {
  readonly whole: ReadonlyMap<string, string>
  /** By the first word; those that begin with a hole may fit any sentence. */
  readonly byWord: ReadonlyMap<string, readonly Pattern[]>
}

const HOLE = /\{(\w+)\}/g
const REMEMBERED = 4000
const ANY = ''

const wordOf = (text: string): string => /^[^\s{]*/.exec(text)![0]

/** A `{count}`, a `{name}` and a form of grammar (`{_are}`) have no spaces: so they do not swallow another phrase. */
const holeOf = (hole: string): string => (hole === 'name' ? String.raw`([^\s,;]*)` : hole === 'count' || hole.startsWith('_') ? String.raw`(\S*?)` : '(.*?)')

/** `{name} reads {tensor} twice` as an expression whose groups are its holes; some are one word, see `holeOf`. */
function patternOf(english: string, target: string): Pattern {
  const literal = english.replaceAll(HOLE, '')
  const shape = english.split(HOLE).map((part, at) => (at % 2 === 0 ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) : holeOf(part))).join('')
  const names = [...english.matchAll(HOLE)].map(([, name]) => name!)
  const numbered = target.replaceAll(HOLE, (_, name: string) => `{${names.indexOf(name)}}`)
  return { shape: new RegExp(`^${shape}$`, 's'), literal: literal.length, hasWords: /[a-z]/i.test(literal), target: numbered }
}

function bookOf(catalogue: Readonly<Record<string, string>>): Book {
  const whole = new Map<string, string>()
  const groups = new Map<string, Pattern[]>()
  for (const [english, target] of Object.entries(catalogue)) {
    if (!english.includes('{')) {
      whole.set(english, target)
      continue
    }
    const first = wordOf(english)
    // A first word that a hole goes on with, as in `×{factor}`, is no whole word of the sentence.
    const word = english[first.length] === '{' ? ANY : first
    const group = groups.get(word) ?? []
    groups.set(word, [...group, patternOf(english, target)])
  }
  const open = groups.get(ANY) ?? []
  const byWord = new Map([...groups].map(([word, patterns]) => [word, (word === ANY ? open : [...patterns, ...open]).toSorted((a, b) => b.literal - a.literal)]))
  return { whole, byWord }
}

type Joint = readonly [RegExp, string]

/** How sentences are put together: the parts are known each by itself. */
const OF_SENTENCES: readonly Joint[] = [[/(?<=\.) /, ''], [/; /, '；']]
const OF_LISTS: readonly Joint[] = [[/, /, '，'], [/ and /, ' 和 ']]

/** A name, a number or an operator: the same in every language. */
const isPlain = (text: string): boolean => !/\s/.test(text)

/** The reader of one catalogue: a sentence of the engine in its language, or undefined. Names and numbers are carried over as they are. */
export function readerOf(catalogue: Readonly<Record<string, string>>): (text: string) => string | undefined {
  const book = bookOf(catalogue)
  const known = new Map<string, string | undefined>()

  function read(text: string): string | undefined {
    if (known.has(text)) return known.get(text)
    if (known.size >= REMEMBERED) known.clear()
    const found = book.whole.get(text) ?? fromParts(text, OF_SENTENCES) ?? fromPattern(text) ?? fromParts(text, OF_LISTS)
    known.set(text, found)
    return found
  }

  function fromPattern(text: string): string | undefined {
    for (const { shape, target, hasWords } of book.byWord.get(wordOf(text)) ?? book.byWord.get(ANY) ?? []) {
      const found = shape.exec(text)
      if (!found) continue
      const said = found.slice(1).map(inHole)
      // Signs alone, as in `{name}: {why}`, say nothing: something in them must be known.
      if (hasWords || said.some((part, at) => part !== found[at + 1])) return target.replaceAll(/\{(\d+)\}/g, (_, place: string) => said[Number(place)]!)
    }
    return undefined
  }

  function inHole(text: string): string {
    return text === '' ? '' : (read(text) ?? fromEnds(text) ?? text)
  }

  function fromParts(text: string, joints: readonly Joint[]): string | undefined {
    for (const [joint, sign] of joints) {
      const parts = text.split(joint)
      if (parts.length === 1) continue
      const said = parts.map((part) => read(part))
      if (said.some((part) => part !== undefined) && said.every((part, at) => part !== undefined || isPlain(parts[at]!))) return said.map((part, at) => part ?? parts[at]!).join(sign)
    }
    return undefined
  }

  /** A phrase or a name and its known ending, such as ` (it has groups)`; or a known phrase and a remark in brackets, such as a document. */
  function fromEnds(text: string): string | undefined {
    for (let at = text.indexOf(' ', 1); at > 0; at = text.indexOf(' ', at + 1)) {
      for (const cut of /[,;.]/.test(text[at - 1]!) ? [at - 1, at] : [at]) {
        const [head, ending] = [text.slice(0, cut), text.slice(cut)]
        const said = read(head)
        if (said === undefined && !isPlain(head)) continue
        const end = read(ending) ?? (said !== undefined && /^ \(.+\)$/s.test(ending) ? `（${inHole(ending.slice(2, -1))}）` : undefined)
        if (end !== undefined) return `${said ?? head}${end}`
      }
    }
    return undefined
  }

  return read
}
