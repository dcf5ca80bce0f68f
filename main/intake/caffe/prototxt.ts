import { Fault } from '../../core/fault.ts'

/** A message of protobuf's text format: fields in the order they were written, each as often as it was. */
export interface Message {
  readonly fields: readonly Field[]
  readonly line: number
}

export interface Field {
  readonly name: string
  readonly value: Scalar | Message
  readonly line: number
}

/** `word`: a bare word such as MAX or true. */
export type Scalar = { readonly kind: 'text' | 'word'; readonly text: string } | { readonly kind: 'number'; readonly number: number; readonly text: string }

const isMessage = (value: Field['value']): value is Message => 'fields' in value

/** Where something stands in the prototxt. */
export type At = (line: number) => string

const TOKEN = /\s+|#[^\n]*|([A-Za-z_][\w./-]*)|([-+]?(?:0x[\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[fF]?|[-+]?(?:inf|nan)f?)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([{}<>[\]:;,])/y

interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign'
  readonly text: string
  readonly line: number
}

function fault(what: string, where: string, next = 'Correct the line; the file is that of a Caffe net, such as deploy.prototxt.'): never {
  throw new Fault({ code: 'model.caffe-syntax', what, where, next })
}

function* tokens(source: string, at: At): Generator<Token> {
  let line = 1
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const from = TOKEN.lastIndex
    const found = TOKEN.exec(source)
    if (found === null) return fault(`«${source.slice(from, from + 20).split('\n')[0]}» is not understood`, at(line))
    const [whole, word, number, text, sign] = found
    if (word !== undefined) yield { kind: 'word', text: word, line }
    else if (number !== undefined) yield { kind: 'number', text: number, line }
    else if (text !== undefined) yield { kind: 'text', text: unescaped(text.slice(1, -1)), line }
    else if (sign !== undefined) yield { kind: 'sign', text: sign, line }
    line += whole.split('\n').length - 1
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
const unescaped = (text: string): string => text.replace(/\\(x[\da-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_, code: string) =>
  (code.startsWith('x') ? String.fromCharCode(parseInt(code.slice(1), 16)) : /^[0-7]/.test(code) ? String.fromCharCode(parseInt(code, 8)) : (ESCAPES[code] ?? code)))

const MOST_DEPTH = 30

/** Reads text format. Throws `model.caffe-syntax` with the line. */
export function parsePrototxt(source: string, at: At): Message {
  const all = [...tokens(source, at)]
  let place = 0
  const last = (): number => all[Math.min(place, all.length - 1)]?.line ?? 1
  const sign = (text: string): boolean => {
    const is = all[place]?.kind === 'sign' && all[place]!.text === text
    if (is) place += 1
    return is
  }
  const message = (line: number, end: '}' | '>' | null, depth: number): Message => {
    if (depth > MOST_DEPTH) fault('messages are nested too deeply', at(line))
    const fields: Field[] = []
    while (place < all.length) {
      if (end !== null && sign(end)) return { fields, line }
      const token = all[place]!
      if (token.kind !== 'word') fault(`a name is expected, not «${token.text}»`, at(token.line))
      place += 1
      for (const value of values(token.line, depth)) fields.push({ name: token.text, value, line: token.line })
      void (sign(';') || sign(','))
    }
    if (end !== null) fault(`the message that begins here has no «${end}»`, at(line))
    return { fields, line }
  }
  const values = (line: number, depth: number): Field['value'][] => {
    const colon = sign(':')
    if (sign('{')) return [message(line, '}', depth + 1)]
    if (sign('<')) return [message(line, '>', depth + 1)]
    if (!colon) fault('a value is missing', at(line))
    if (!sign('[')) return [scalar()]
    const list: Field['value'][] = []
    while (!sign(']')) {
      list.push(sign('{') ? message(line, '}', depth + 1) : scalar())
      void sign(',')
    }
    return list
  }
  const scalar = (): Scalar => {
    const token = all[place]
    if (token === undefined || token.kind === 'sign') return fault('a value is missing', at(token?.line ?? last()))
    place += 1
    if (token.kind === 'number') return { kind: 'number', number: Number(token.text.replace(/(?<!^[-+]?0x[\da-fA-F]*)[fF]$/, '').replace('inf', 'Infinity')), text: token.text }
    let { text } = token
    // Texts that stand one behind the other are one.
    while (token.kind === 'text' && all[place]?.kind === 'text') text += all[place++]!.text
    return { kind: token.kind, text }
  }
  return message(1, null, 0)
}

/** Reads fields of a message by name; what is of another kind is a fault with its line. */
export class Fields {
  readonly #message: Message
  readonly at: At

  constructor(message: Message, at: At) {
    this.#message = message
    this.at = at
  }

  get line(): number { return this.#message.line }

  #all = (name: string): Field[] => this.#message.fields.filter((field) => field.name === name)
  has = (name: string): boolean => this.#all(name).length > 0
  /** Line of a field, or of the message. */
  lineOf = (name: string): number => this.#all(name)[0]?.line ?? this.line

  messages(name: string): Fields[] {
    return this.#all(name).map(({ value, line }) => (isMessage(value) ? new Fields({ ...value, line }, this.at) : fault(`\`${name}\` is a message in braces`, this.at(line))))
  }

  /** The message of that name; an empty one where there is none. */
  message(name: string): Fields {
    return this.messages(name)[0] ?? new Fields({ fields: [], line: this.line }, this.at)
  }

  numbers(name: string): number[] {
    return this.#all(name).map(({ value, line }) => (!isMessage(value) && value.kind === 'number' && Number.isFinite(value.number) ? value.number : fault(`\`${name}\` is a number`, this.at(line))))
  }

  number = (name: string, fallback: number): number => this.numbers(name)[0] ?? fallback
  texts(name: string): string[] {
    return this.#all(name).map(({ value, line }) => (isMessage(value) ? fault(`\`${name}\` is a text`, this.at(line)) : value.text))
  }

  text = (name: string, fallback = ''): string => this.texts(name)[0] ?? fallback
  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name, String(fallback)).toLowerCase()
    if (!['true', 'false', '1', '0', 't', 'f'].includes(text)) fault(`\`${name}\` is true or false`, this.at(this.lineOf(name)))
    return ['true', '1', 't'].includes(text)
  }
}
