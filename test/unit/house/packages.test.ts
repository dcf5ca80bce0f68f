import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface LockEntry {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
  readonly engines: Readonly<Record<string, string>>
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8'))
const manifest = read('package.json') as Manifest
const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, LockEntry>> }
const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** Whether a package that stands at `place` finds another, as Node looks for it: below itself, beside itself, and upwards. */
function finds(place: string, name: string): boolean {
  const parents = place.split(/(?:^|\/)node_modules\//).slice(1)
  return [...parents.keys(), parents.length].some((depth) => [...parents.slice(0, depth), name].map((part) => `node_modules/${part}`).join('/') in packages)
}

describe('the lock file', () => {
  it('holds the optional packages of every platform, not only of the one it was made on', () => {
    const wanted = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) => Object.keys(optionalDependencies).map((name) => ({ place, name })))
    expect(wanted.filter(({ place, name }) => !finds(place, name))).toEqual([])
    // The native parts for the three systems are among them.
    for (const name of ['@img/sharp-linux-x64', '@img/sharp-darwin-arm64', '@img/sharp-win32-x64']) expect(packages, name).toHaveProperty([`node_modules/${name}`])
    expect(wanted.length).toBeGreaterThan(50)
  })

  it('holds a hash and no address for every package, and what package.json asks for', () => {
    const entries = Object.entries(packages).filter(([place]) => place !== '')
    expect(entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([place]) => place)).toEqual([])
    expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([place]) => place)).toEqual([])
    expect(packages['']).toMatchObject({ dependencies: manifest.dependencies, devDependencies: manifest.devDependencies })
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) expect(packages[`node_modules/${name}`], name).toMatchObject({ version })
  })
})

describe('package.json', () => {
  it('pins every package to one version', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
    expect(manifest.devDependencies['node']).toMatch(/^24\./)
    expect(manifest.engines['node']).toBe('>=20')
  })

  it('lets only Node itself run a script when it is installed: nothing is downloaded or compiled', () => {
    expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed)).toEqual([['node', true]])
    const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => nameOf(place))
    expect(scripted.filter((name) => !(name in manifest.allowScripts))).toEqual([])
  })

  it('declares Electron, which downloads its binary only when it is asked to', () => {
    expect(manifest.devDependencies).toMatchObject({ electron: expect.any(String), 'electron-builder': expect.any(String) })
    expect(packages['node_modules/electron']!.hasInstallScript).toBeUndefined()
    expect(manifest.allowScripts['electron']).not.toBe(true)
  })
})
