import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: { readonly package: { readonly strategy: { readonly matrix: { readonly include: readonly { name: string; runner: string; flags: string; tests: string }[] } }; readonly steps: readonly Step[] } }
}

describe('the workflow that builds the packages', () => {
  const text = readFileSync(new URL('../../.github/workflows/build.yml', import.meta.url), 'utf8')
  const { permissions, jobs } = parse(text) as Workflow
  const { strategy, steps } = jobs.package

  it('builds on the three systems, each on its own', () => {
    expect(strategy.matrix.include.map(({ runner, flags }) => [runner.split('-')[0], flags.split(' ')[0]])).toEqual([['ubuntu', '--linux'], ['windows', '--win'], ['macos', '--mac']])
    expect(strategy.matrix.include.every(({ runner }) => !runner.endsWith('latest'))).toBe(true)
  })

  it('uses Node 24 and actions of one version each, and tests before it packs', () => {
    const used = steps.flatMap(({ uses }) => uses ?? [])
    expect(used.filter((name) => !/^actions\/[a-z-]+@v\d+\.\d+\.\d+$/.test(name))).toEqual([])
    expect(steps.find(({ uses }) => uses?.startsWith('actions/setup-node'))!.with).toMatchObject({ 'node-version': 24 })
    const runs = steps.flatMap(({ run }) => run ?? [])
    const at = (word: string): number => runs.findIndex((run) => run.includes(word))
    expect([at('npm ci'), at('matrix.tests'), at('electron-builder')]).toEqual([1, 2, 3])
  })

  it('knows no secrets, writes nothing back, and publishes nothing', () => {
    expect(text).not.toMatch(/secrets\.|GITHUB_TOKEN|GH_TOKEN/)
    expect(permissions).toEqual({ contents: 'read' })
    expect(text).toContain('--publish never')
  })

  it('has one beside it that runs the property tests with 10,000 cases every night', () => {
    const nightly = readFileSync(new URL('../../.github/workflows/nightly.yml', import.meta.url), 'utf8')
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }
    expect([nightly.includes('schedule:'), nightly.includes('npm run test:nightly'), scripts['test:nightly']!.startsWith('SCALEWRIGHT_CASES=10000 SCALEWRIGHT_KILLS=100 vitest run test/unit/export ')]).toEqual([true, true, true])
    expect([...nightly.matchAll(/uses: (\S+)/g)].filter(([, name]) => !text.includes(name!))).toEqual([])
  })

  it('keeps every kind of package that is made', () => {
    const kept = String(steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact'))!.with!['path']).trim().split('\n')
    expect(kept).toEqual(['dist/*.AppImage', 'dist/*.deb', 'dist/*.exe', 'dist/*.dmg', 'dist/*.zip'])
  })
})
