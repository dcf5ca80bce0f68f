import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const asked = process.env.CI !== undefined || process.env.SCALEWRIGHT_SLOW === '1'
if (!asked) console.warn('SKIPPED: what npm pack puts into the package; set SCALEWRIGHT_SLOW=1 to look')

const LARGEST_BYTES = 6e6

describe.skipIf(!asked)('npm pack', () => {
  const folder = temporaryFolder()

  it('makes a small package of the built program, the bundled sample and what a reader needs, and of nothing else', () => {
    // The build stands already, and `prepare` would make it anew under the feet of other tests.
    const words = ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', folder]
    const windows = process.platform === 'win32'
    const output = execFileSync(windows ? 'npm.cmd' : 'npm', words, { cwd: PROJECT, encoding: 'utf8', shell: windows })
    const packed = JSON.parse(output) as Record<string, Packed> | readonly Packed[]
    const [{ filename, files }] = Object.values(packed) as [Packed]
    const paths = files.map(({ path }) => path)
    const tops = new Set(paths.map((path) => path.split('/')[0]))
    expect(tops).toEqual(new Set(['package.json', 'bin', 'out', 'resources', 'README.md', 'LICENSE', 'CHANGELOG.md']))
    expect(paths).toEqual(expect.arrayContaining(['bin/scalewright.mjs', 'out/main/cli.js', 'out/main/engine/child.js', 'resources/sample/recipe.yaml', 'resources/sample/models/sample_x2.onnx', 'resources/boards/horizon-j6.yaml']))
    expect(paths.filter((path) => /(?:^|\/)(?:test|node_modules)\/|\.(?:test\.js|ts|tsbuildinfo|db)$/.test(path))).toEqual([])
    const tarball = join(folder, filename)
    expect(existsSync(tarball)).toBe(true)
    expect(statSync(tarball).size).toBeLessThan(LARGEST_BYTES)
    // The list that npm says is the one in the file.
    const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n').map((line) => line.trim().replace(/^package\//, ''))
    expect(listed.toSorted()).toEqual(paths.toSorted())
  })
})

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly size: number }[]
}
