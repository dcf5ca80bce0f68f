import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { z } from 'zod'
import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import { resourceFolder } from '../core/resource-folder.ts'
import { allowedBy, keysAt, shown, tellingIssue, valueAt } from '../core/schema-facts.ts'
import { parseYamlText, type YamlText } from '../core/yaml-text.ts'
import { refuseContradictions } from './contradictions.ts'
import type { BoardProfile } from './profile.ts'
import { completeProfile, PROFILE_SCHEMA } from './profile-schema.ts'

export interface BoardPlace {
  /** Absolute folder; profiles in its `boards` folder win over the built-in ones of the same name. */
  readonly workspace?: string | undefined
}

const LARGEST_PROFILE_BYTES = 1 << 20
const WORDS = { what: 'profile', syntax: 'input.board-syntax', empty: 'input.board-empty', least: 'A profile begins with `name:`; docs/boards.md shows a small one.' } as const

/**
 * The profile of that name: a person's own in the workspace, else the built-in one.
 * Throws `input.unknown-board` with the nearest names, and `input.board-*` with file, line and column where the file is wrong.
 */
export async function boardNamed(name: string, place: BoardPlace = {}): Promise<BoardProfile> {
  const files = await profileFiles(place)
  const file = files.get(name)
  if (file) return readProfile(file.path, file.origin)
  throw new Fault({ code: 'input.unknown-board', what: `there is no board «${name}»`, next: didYouMean(name, files.keys()) ?? 'Write a profile of your own: docs/boards.md.' })
}

/** Names of all profiles, in alphabetical order; the files are not read. */
export const boardNames = async (place: BoardPlace = {}): Promise<string[]> => [...(await profileFiles(place)).keys()].toSorted()

/** Reads and checks one file. `origin` is what the profile says of where it comes from. */
export async function readProfile(path: string, origin: string = path): Promise<BoardProfile> {
  return profileFromText(await readText(path), path, origin)
}

/** Checks a profile's text; `file` is what its Faults call it, and its name without `.yaml` must be the profile's. */
export function profileFromText(source: string, file: string, origin: string = file): BoardProfile {
  const text = parseYamlText(source, file, WORDS)
  const result = PROFILE_SCHEMA.safeParse(text.value)
  if (!result.success) throw profileFault(result.error, text)
  const profile = completeProfile(result.data, origin)
  const wanted = nameOf(basename(file))
  if (profile.name !== wanted) {
    const what = `the profile is named «${profile.name}», its file «${wanted}»`
    throw new Fault({ code: 'input.board-name', what, where: text.locate(['name'], 'value'), next: `Call it ${wanted}, or the file ${profile.name}.yaml.` })
  }
  refuseContradictions(profile, text)
  return profile
}

const nameOf = (file: string): string => file.replace(/\.ya?ml$/, '')

async function profileFiles({ workspace }: BoardPlace): Promise<Map<string, { path: string; origin: string }>> {
  const own = workspace === undefined ? [] : await filesIn(join(workspace, 'boards'))
  const folder = resourceFolder('boards', 'ort-cpu.yaml')
  const builtIn = (await filesIn(folder)).map((path) => [nameOf(basename(path)), { path, origin: 'built-in' }] as const)
  return new Map([...builtIn, ...own.map((path) => [nameOf(basename(path)), { path, origin: path }] as const)])
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).toSorted().map((name) => join(folder, name))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw new Fault({ code: 'input.no-access', what: 'the profiles of boards cannot be read', where: folder, next: 'Change the permissions of the folder.' }, { cause: error })
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Fault({ code: 'input.no-access', what: 'the profile cannot be read', where: path, next: 'It must be a readable text file.' }, { cause: error })
  })
  try {
    if (bytes.length <= LARGEST_PROFILE_BYTES) return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Fault({ code: 'input.board-syntax', what: 'this is not UTF-8 text', where: path, next: WORDS.least }, { cause: error })
  }
  throw new Fault({ code: 'input.board-syntax', what: `a profile of ${Math.round(bytes.length / 1e6)} MB is not plausible`, where: path, next: WORDS.least })
}

function profileFault(error: z.ZodError, text: YamlText): Fault {
  const { issue, path } = tellingIssue(error.issues)
  const key = path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const [unknown] = issue.keys as [string]
    const where = text.locate([...path, unknown], 'key')
    return new Fault({ code: 'input.board-unknown-key', what: `${key === '' ? 'a profile' : `\`${key}\``} has no key «${unknown}»`, where, next: didYouMean(unknown, keysAt(PROFILE_SCHEMA, path)) })
  }
  const value = valueAt(text.value, path)
  if (value === undefined) return new Fault({ code: 'input.board-missing-key', what: `\`${key}\` is missing`, where: text.locate(path, 'key'), next: `Add \`${String(path.at(-1))}\` there.` })
  return new Fault({
    code: 'input.board-wrong-value', what: key === '' ? `a profile is made of keys, not of ${shown(value)}` : `\`${key}\` cannot be ${shown(value)}`,
    where: text.locate(path, 'value'), next: key === '' ? WORDS.least : `It takes ${allowedBy(issue)}.`,
  })
}
