import { z } from 'zod'
import type { KeyPath } from './yaml-text.ts'

/** Keys that a schema accepts at a path; none where it takes free names or no keys at all. */
export function keysAt(schema: z.ZodType, path: KeyPath): string[] {
  return objectsAt(schema, path).flatMap((object) => Object.keys(object.shape))
}

/** Every object schema that may stand at the path: several where a union offers them. */
function objectsAt(schema: z.ZodType, path: KeyPath): z.ZodObject[] {
  const bare = unwrapped(schema)
  if (bare instanceof z.ZodUnion) return bare.options.flatMap((option) => objectsAt(option as z.ZodType, path))
  const [key, ...rest] = path
  if (key === undefined) return bare instanceof z.ZodObject ? [bare] : []
  if (bare instanceof z.ZodObject) {
    const inner = bare.shape[String(key)] as z.ZodType | undefined
    return inner ? objectsAt(inner, rest) : []
  }
  if (bare instanceof z.ZodRecord) return objectsAt(bare.valueType as z.ZodType, rest)
  if (bare instanceof z.ZodArray) return objectsAt(bare.element as z.ZodType, rest)
  return []
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrapped(schema.unwrap() as z.ZodType)
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.in as z.ZodType) : schema
}

type Issue = z.core.$ZodIssue

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'keys with values',
  record: 'names with values',
  array: 'a list',
  tuple: 'a list',
}

/** What a refused place would take, in words: `a whole number`, `one of rgb, bgr or y`, `at least 1`. */
export function allowedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return oneOf(issue.values.map(String))
    case 'invalid_type':
      return issue.message.startsWith('Invalid') ? (TYPE_WORDS[issue.expected] ?? issue.expected) : issue.message
    case 'too_small':
      return bound(issue, issue.minimum, issue.inclusive === true ? 'at least' : 'more than')
    case 'too_big':
      return bound(issue, issue.maximum, issue.inclusive === true ? 'at most' : 'less than')
    case 'invalid_union':
      return issue.errors.length === 0 ? issue.message : issue.errors.flatMap((option) => option.slice(0, 1).map(allowedBy)).join(', or ')
    default:
      return issue.message
  }
}

const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? `only ${values[0]}` : `one of ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`

function bound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, limit: number | bigint, words: string): string {
  const { origin, message } = issue
  if (!message.startsWith('Too ')) return message
  if (origin === 'string') return 'a text that is not empty'
  if (origin === 'array') return `a list of ${words} ${limit} ${limit === 1 ? 'item' : 'items'}`
  return `${words} ${limit}`
}

/** The issue that matters: inside a union that of the option whose kind was meant, before a missing key an unknown one. */
export function tellingIssue(issues: readonly Issue[], around: KeyPath = []): { issue: Issue; path: KeyPath } {
  const issue = issues.find((one) => one.code === 'unrecognized_keys') ?? issues[0]!
  const path = [...around, ...(issue.path as (string | number)[])]
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((option) => option.some((one) => one.code === 'unrecognized_keys' || one.path.length > 0)) ?? issue.errors.find((option) => option.some((one) => one.code !== 'invalid_type'))
    const other = issue.errors.every((option) => option.every((one) => one.path.length === 0 && one.code !== 'unrecognized_keys'))
    if (meant && !other) return tellingIssue(meant, path)
  }
  return { issue, path }
}

/** The value at a path of plain data; undefined where there is none. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string | number, unknown>)[key]
  }
  return at
}

/** A value that was refused, in words. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? 'a list' + listed(value) : 'a group of keys'
  return value === null ? 'empty' : `«${String(value).slice(0, 60)}»`
}

const listed = (items: readonly unknown[]): string =>
  items.length <= 4 && items.every((item) => typeof item !== 'object') ? ` [${items.join(', ')}]` : ` of ${items.length} items`
