import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
const CODE = ['.ts', '.tsx', '.mjs', '.js', '.css', '.sql']
const TEXT = [...CODE, '.json', '.md', '.yml', '.yaml', '.html', '.proto', '.svg', '']
const LONGEST = 400
/** Written by a generator. */
const MAY_BE_LONG = ['main/onnx/onnx_pb.ts']

const inGit = existsSync(join(PROJECT, '.git'))
if (!inGit) console.warn('SKIPPED: the rules for tracked files: this is no git checkout')

/** What must stand in no file. Written as patterns, so that this file does not hold it itself. */
const NOWHERE: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a folder of one machine', /(?<![\w.])\/(?:work|root|Users|home\/[a-z][\w-]*)\/(?=\w)|[A-Z]:\\Users\\/],
  ['a registry host', /registry\.npm[jm]|npm[m]irror|"resolved": ?"http/],
  ['work that was put off', /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/],
]

/** Tracked files that were deleted and not yet recorded so are no files. */
const isFile = (path: string): boolean => path !== '' && statSync(join(PROJECT, path), { throwIfNoEntry: false })?.isFile() === true

describe.skipIf(!inGit)('no tracked file', () => {
  const tracked = inGit ? execFileSync('git', ['ls-files', '-z'], { cwd: PROJECT, encoding: 'utf8' }).split('\0').filter(isFile) : []
  const texts = tracked.filter((path) => TEXT.includes(extname(path))).map((path) => ({ path, text: readFileSync(join(PROJECT, path), 'utf8') }))

  it.each(NOWHERE)('holds %s', (_what, pattern) => {
    const found = texts.flatMap(({ path, text }) => text.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1}: ${line.trim().slice(0, 120)}`] : [])))
    expect(found).toEqual([])
    expect(texts.length).toBeGreaterThan(200)
  })

  it(`of code is longer than ${LONGEST} lines`, () => {
    const code = texts.filter(({ path }) => CODE.includes(extname(path)) && !MAY_BE_LONG.includes(path))
    const long = code.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 })).filter(({ lines }) => lines > LONGEST)
    expect(long).toEqual([])
  })

  it('is what a build or an installation makes, or is larger than two megabytes', () => {
    expect(tracked.filter((path) => /^(?:node_modules|out|dist|coverage)\//.test(path) || /\.(?:tgz|log|db|node|tmp)$/.test(path))).toEqual([])
    expect(tracked.filter((path) => statSync(join(PROJECT, path)).size > 2 << 20)).toEqual([])
  })
})
