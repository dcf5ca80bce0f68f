import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
const OXLINT = join(PROJECT, 'node_modules/oxlint/bin/oxlint')

const PIPELINE = ['onnx', 'samples', 'runtime', 'boards', 'rewrite', 'calibrate', 'quantize', 'compare', 'audit', 'tune', 'export']
const leftOf = (room: string): string[] => ['core', ...PIPELINE.slice(0, PIPELINE.indexOf(room))]

/** Who may import whom, said a second time: a room, and the rooms it may import. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  core: [], onnx: ['core'], samples: ['core', 'onnx'], runtime: ['core', 'onnx'], boards: ['core', 'onnx'], recipe: ['core'], intake: ['core', 'onnx', 'samples'],
  ...Object.fromEntries(PIPELINE.slice(PIPELINE.indexOf('rewrite')).map((room) => [room, leftOf(room)])),
  engine: ['core', 'recipe', 'intake', ...PIPELINE], store: ['core'], app: ['core', 'recipe', 'engine', 'store'], cli: ['core', 'recipe', 'app'],
  page: ['core', 'recipe', 'app'], serve: ['core', 'recipe', 'app', 'page'], desktop: ['core', 'recipe', 'app', 'page'],
}
const ROOMS = Object.keys(MAY)
const PACKAGES = ['onnxruntime-node', 'better-sqlite3', 'electron']
const MAY_PACKAGE: Readonly<Record<string, string>> = { runtime: 'onnxruntime-node', store: 'better-sqlite3' }
const SPEAKS_CONTRACT = ['app', 'page', 'serve', 'desktop']
const DOORS = ['cli.ts', 'serve.ts', 'electron.ts']

interface Import {
  readonly specifier: string
  readonly forbidden: boolean
}

/** Every import that a file of a room might try, from a folder `depth` below the room. */
function importsOfRoom(room: string, depth: number): Import[] {
  const up = '../'.repeat(depth + 1)
  return [
    ...ROOMS.filter((other) => other !== room).map((other) => ({ specifier: `${up}${other}/some.ts`, forbidden: !MAY[room]!.includes(other) })),
    ...DOORS.map((door) => ({ specifier: `${up}${door}`, forbidden: true })),
    ...PACKAGES.map((name) => ({ specifier: name, forbidden: MAY_PACKAGE[room] !== name })),
    { specifier: `${up}../renderer/some.ts`, forbidden: true },
    { specifier: `${up}../preload/contract/some.ts`, forbidden: !SPEAKS_CONTRACT.includes(room) },
    { specifier: `${up}../preload/bridge.ts`, forbidden: true },
    { specifier: `${'../'.repeat(depth) || './'}other.ts`, forbidden: false },
    { specifier: 'node:fs', forbidden: false },
  ]
}

/** A door opens the app; what it shares with it (core, recipe, rooms of doors) is no secret. */
const importsOfDoor = (door: string): Import[] => [
  ...ROOMS.map((room) => ({ specifier: `./${room}/some.ts`, forbidden: !['core', 'recipe', 'app', 'cli', 'serve', 'page', 'desktop'].includes(room) })),
  ...PACKAGES.map((name) => ({ specifier: name, forbidden: !(name === 'electron' && door === 'electron.ts') })),
  { specifier: '../renderer/some.ts', forbidden: true },
  { specifier: '../preload/contract/some.ts', forbidden: false },
]

const importsOfPreload = (up: string, electron: boolean): Import[] => [
  ...['main/app/some.ts', 'main/core/some.ts', 'renderer/some.ts'].map((path) => ({ specifier: `${up}${path}`, forbidden: true })),
  ...PACKAGES.map((name) => ({ specifier: name, forbidden: !(name === 'electron' && electron) })),
]

const importsOfRenderer = (up: string): Import[] => [
  ...['main/app/some.ts', 'main/core/some.ts', 'preload/bridge.ts'].map((path) => ({ specifier: `${up}${path}`, forbidden: true })),
  { specifier: `${up}preload/contract/some.ts`, forbidden: false },
  ...PACKAGES.map((specifier) => ({ specifier, forbidden: true })),
]

const PROBES: Readonly<Record<string, readonly Import[]>> = {
  ...Object.fromEntries(ROOMS.flatMap((room) => [[`main/${room}/probe.ts`, importsOfRoom(room, 0)], [`main/${room}/inner/probe.ts`, importsOfRoom(room, 1)]])),
  ...Object.fromEntries(DOORS.map((door) => [`main/${door}`, importsOfDoor(door)])),
  'preload/bridge.ts': importsOfPreload('../', true),
  'preload/other.ts': importsOfPreload('../', false),
  'preload/contract/probe.ts': importsOfPreload('../../', false),
  'renderer/features/probe.tsx': importsOfRenderer('../../'),
  'renderer/probe.ts': importsOfRenderer('../'),
}

interface Diagnostic {
  readonly code: string
  readonly message: string
  readonly filename: string
  readonly labels: readonly { readonly span: { readonly line: number } }[]
}

/** What breaks a wall in a folder, as `file:line`. */
function broken(folder: string, ...paths: string[]): string[] {
  const words = [OXLINT, '--config', join(folder, '.oxlintrc.json'), '--format', 'json', ...paths]
  const { status, stdout } = run(words, folder)
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] }
  if (status !== 0 && diagnostics.length === 0) throw new Error(`oxlint failed: ${stdout}`)
  const walls = diagnostics.filter(({ code }) => code.includes('no-restricted-imports'))
  return walls.map(({ filename, labels }) => `${filename.split(sep).join('/')}:${labels[0]!.span.line}`)
}

function run(words: readonly string[], cwd: string): { status: number; stdout: string } {
  try {
    return { status: 0, stdout: execFileSync(process.execPath, words, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 }) }
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string }
    return { status, stdout }
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

describe('a wall of the house', () => {
  const folder = temporaryFolder()
  copyFileSync(join(PROJECT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))

  it.each([
    ['import', (specifier: string, at: number) => `import { a as a${at} } from '${specifier}'`],
    ['import of types', (specifier: string, at: number) => `import type { A as A${at} } from '${specifier}'`],
    ['import at run time', (specifier: string, at: number) => `export const a${at} = await import('${specifier}')`],
    ['export', (specifier: string, at: number) => `export { a as a${at} } from '${specifier}'`],
  ])('that is broken by an %s is reported, each one, and nothing else is', (_how, line) => {
    for (const [path, imports] of Object.entries(PROBES)) write(join(folder, path), imports.map(({ specifier }, at) => line(specifier, at)).join('\n'))
    const found = new Set(broken(folder, 'main', 'preload', 'renderer'))
    const wrong = Object.entries(PROBES).flatMap(([path, imports]) =>
      imports.flatMap(({ specifier, forbidden }, at) => {
        const reported = found.has(`${path}:${at + 1}`)
        return reported === forbidden ? [] : [`${path}: ${specifier} is ${reported ? '' : 'not '}reported`]
      }),
    )
    expect(wrong).toEqual([])
    expect(found.size).toBeGreaterThan(200)
  })
})

describe('the house', () => {
  const present = ['main', 'preload', 'renderer', 'bin'].filter((name) => readdirSync(PROJECT).includes(name))

  it('breaks none of them', () => {
    expect(broken(PROJECT, ...present)).toEqual([])
  })

  it('has no room that the walls do not know', () => {
    const rooms = readdirSync(join(PROJECT, 'main'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
    expect(rooms.filter((room) => !ROOMS.includes(room))).toEqual([])
  })
})
