import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { bridgeCalls, bridgeEvents } from '../../preload/contract/index.ts'
import { nextEvent, openDoor, type StandInDoor } from '../fixtures/electron/door.ts'
import { fusesIn, stubDist } from '../fixtures/electron/stub-dist.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)
const config = parse(readFileSync(join(PROJECT, 'electron-builder.yml'), 'utf8')) as Record<string, unknown>

const isHost = process.platform === 'linux' && process.arch === 'x64'
if (!isHost) console.warn('SKIPPED: the package for linux-x64: native parts are those of the host')

interface Asar {
  listPackage(archive: string, options: { isPack: boolean }): string[]
  extractAll(archive: string, folder: string): void
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
const bytesBelow = (folder: string): number => filesBelow(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

describe('electron-builder.yml', () => {
  const { validateConfiguration } = require('app-builder-lib/out/util/config/config') as { validateConfiguration(config: unknown, logger: unknown): Promise<void> }
  const { DebugLogger } = require('builder-util') as { DebugLogger: new () => unknown }
  const validate = async (given: unknown): Promise<void> => validateConfiguration(given, new DebugLogger())

  it('is valid by electron-builder\'s own schema, which refuses what it does not know', async () => {
    await validate(config)
    await expect(validate({ ...config, electronFuse: {} })).rejects.toThrow("unknown property 'electronFuse'")
    await expect(validate({ ...config, electronFuses: { runAsNode: 'no' } })).rejects.toThrow('runAsNode')
  })

  it('names the packages of three systems, and icons that are there', () => {
    const [linux, win, mac] = ['linux', 'win', 'mac'].map((system) => config[system] as { target: string[]; icon: string; files: string[] })
    expect([linux!.target, win!.target, mac!.target]).toEqual([['AppImage', 'deb'], ['nsis', 'portable'], ['dmg', 'zip']])
    for (const { icon, files } of [linux!, win!, mac!]) {
      expect(existsSync(join(PROJECT, icon)), icon).toBe(true)
      // A list that begins with what is left out takes in the whole checkout.
      expect(files[0]).toBe('package.json')
    }
  })

  it('leaves models to whoever has them, and owns projects', () => {
    expect(config['fileAssociations']).toMatchObject([{ ext: 'onnx', role: 'Viewer', rank: 'Alternate' }, { ext: 'qproj', role: 'Editor', rank: 'Owner' }])
  })

  it('takes along the library that each system\'s binding asks for, and not its double', () => {
    const bin = join(PROJECT, 'node_modules/onnxruntime-node/bin/napi-v6')
    const asks = (path: string, name: string): boolean => readFileSync(join(bin, path)).includes(Buffer.from(`${name}\0`, 'latin1'))
    expect(asks('darwin/arm64/onnxruntime_binding.node', 'libonnxruntime.1.dylib')).toBe(true)
    expect(readFileSync(join(bin, 'darwin/arm64/libonnxruntime.1.dylib')).equals(readFileSync(join(bin, 'darwin/arm64/libonnxruntime.1.30.0.dylib')))).toBe(true)
    for (const name of ['dxcompiler.dll', 'dxil.dll']) expect([name, asks('win32/x64/onnxruntime_binding.node', name)]).toEqual([name, false])
  })
})

describe.skipIf(!isHost)('the package for Linux, on a made-up Electron', () => {
  const folder = temporaryFolder()
  const unpacked = join(folder, 'dist', 'linux-unpacked')
  const archive = join(unpacked, 'resources', 'app.asar')
  let names: string[] = []
  let door: StandInDoor | undefined

  beforeAll(() => {
    for (const name of ['main/electron.js', 'preload/bridge.cjs', 'renderer/index.html']) {
      if (!existsSync(join(PROJECT, 'out', name))) throw new Error(`out/${name} is missing: run \`npm run build\` before this test`)
    }
    const { version } = require('electron/package.json') as { version: string }
    const words = ['--linux', '--x64', '--dir', `-c.electronDist=${stubDist(join(folder, 'electron'), version)}`, `-c.directories.output=${join(folder, 'dist')}`]
    execFileSync(process.execPath, [join(dirname(require.resolve('electron-builder/package.json')), 'cli.js'), ...words], { cwd: PROJECT, stdio: 'pipe', env: { ...process.env, DEBUG: '' } })
    names = (require('@electron/asar') as Asar).listPackage(archive, { isPack: false }).map((name) => name.slice(1))
  }, 120_000)
  afterAll(() => door?.kill())

  it('holds the program, its bridge and its page', () => {
    for (const name of ['package.json', 'out/main/electron.js', 'out/main/engine/child.js', 'out/main/engine/desk-child.js', 'out/preload/bridge.cjs', 'out/renderer/index.html']) expect(names).toContain(name)
    expect(filesBelow(join(unpacked, 'resources', 'resources', 'sample'))).toContain('recipe.yaml')
  })

  it('holds nothing else', () => {
    expect([...new Set(names.map((name) => name.split('/', 1).join('')))].toSorted()).toEqual(['node_modules', 'out', 'package.json'])
    const packages = [...new Set(names.flatMap((name) => /^node_modules\/(@[^/]+\/[^/]+|[^@/][^/]*)\//.exec(name)?.[1] ?? []))].toSorted()
    expect(packages).toEqual([
      '@bufbuild/protobuf', '@img/colour', '@img/sharp-libvips-linux-x64', '@img/sharp-linux-x64', 'better-sqlite3', 'detect-libc', 'fastest-levenshtein', 'fflate',
      'onnxruntime-common', 'onnxruntime-node', 'picomatch', 'semver', 'sharp', 'ulid', 'yaml', 'zod',
    ])
    expect(names.filter((name) => ['.map', '.ts', '.mts', '.cts', '.c', '.cc', '.h', '.cpp', '.gyp', '.md'].includes(extname(name)))).toEqual([])
    expect(names.filter((name) => /^out\/main\/(?:cli|serve)(?:\.js|\/)/.test(name))).toEqual([])
    expect(readdirSync(join(unpacked, 'locales')).toSorted()).toEqual(['en-US.pak', 'zh-CN.pak'])
  })

  it('has its native code, and that of no other system, beside the archive', () => {
    const native = filesBelow(join(unpacked, 'resources', 'app.asar.unpacked')).filter((name) => /\.(?:node|dll|dylib|so(?:\.[\d.]+)?)$/.test(name)).toSorted()
    expect(native).toEqual([
      expect.stringMatching(/^node_modules\/@img\/sharp-libvips-linux-x64\/lib\/libvips-cpp\.so\./),
      expect.stringMatching(/^node_modules\/@img\/sharp-linux-x64\/lib\/sharp-linux-x64-[\d.]+\.node$/),
      'node_modules/better-sqlite3/prebuilds/linux-x64.node',
      'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
      'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node',
    ])
  })

  it('weighs at most 80 MB without Electron', () => {
    expect(bytesBelow(join(unpacked, 'resources')) / 1e6).toBeLessThanOrEqual(80)
  })

  it('has its fuses blown', () => {
    // RunAsNode off, CookieEncryption on, NodeOptions off, NodeCliInspect off, AsarIntegrity on, OnlyLoadAppFromAsar on, own snapshot off, file privileges off; the ninth is left as delivered.
    expect(fusesIn(readFileSync(join(unpacked, 'scalewright')))).toBe('010011000')
  })

  it('runs: the whole way of the bundled project, with its own files alone', async () => {
    // As it lies in the package, archive opened; whatever is missing there is found nowhere else.
    const installed = join(folder, 'installed', 'resources')
    const asar = require('@electron/asar') as Asar
    asar.extractAll(archive, join(installed, 'app'))
    execFileSync('cp', ['-r', join(unpacked, 'resources', 'resources'), installed])
    door = openDoor({ home: join(folder), script: join(installed, 'app', 'out', 'main', 'electron.js'), environment: { STAND_IN_PACKAGED: '1' } })
    await door.loaded()
    expect(await door.ask('page', 'app://scalewright/')).toMatchObject({ status: 200, policy: expect.stringContaining("script-src 'self'"), text: expect.stringContaining('<div id="root">') })
    const call = bridgeCalls(door.bridge)
    expect((await call('app.info', {})).folder).toBe(folder)
    const done = nextEvent((listen) => bridgeEvents(door!.bridge, listen), (event) => event.type === 'job' && event.job.ended !== null)
    await call('jobs.start', { kind: 'demo' })
    expect(await done).toMatchObject({ job: { state: 'done', fault: null } })
    const [run] = (await call('runs.list', {})).runs
    expect(await door.ask('page', `app://scalewright/artifact/${run!.run}/quantized-model`)).toMatchObject({ status: 200 })
    expect(((await door.ask('told')) as { options: { webPreferences: { devTools: boolean } }[] }).options[0]!.webPreferences.devTools).toBe(false)
    await door.ask('quit')
    expect(await door.ended).toBe(0)
  }, 120_000)
})
