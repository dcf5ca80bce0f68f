import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { bridgeCalls, bridgeEvents } from '../../preload/contract/index.ts'
import { nextEvent, openDoor, type StandInDoor } from '../fixtures/electron/door.ts'
import { isAlive } from '../fixtures/is-alive.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

// main/electron.ts itself, in plain Node with a stand-in for Electron: the wiring, the calls, engines and their end. No binary of Electron runs here.
interface Told {
  readonly switches: string[]
  readonly privileges: { scheme: string }[]
  readonly urls: string[]
  readonly options: { webPreferences: { preload: string; sandbox: boolean; devTools: boolean } }[]
  readonly shown: number
  readonly focused: number
  readonly boxes: string[]
  readonly children: number[]
  readonly sandbox: boolean
  readonly menu: number
}

describe('the desktop door', () => {
  let door: StandInDoor
  afterEach(() => door.kill())
  const told = async (): Promise<Told> => (await door.ask('told')) as Told

  it('opens the window on the page, guarded, and answers its calls', async () => {
    const home = temporaryFolder()
    door = openDoor({ home })
    expect(await door.loaded()).toBe('app://scalewright/')
    const { switches, privileges, options, shown, sandbox, menu } = await told()
    expect([sandbox, shown, menu, privileges.map(({ scheme }) => scheme)]).toEqual([true, 1, 4, ['app']])
    expect(switches).toContain('host-resolver-rules')
    expect(options[0]!.webPreferences).toMatchObject({ sandbox: true, devTools: true, preload: expect.stringMatching(/preload.bridge\.cjs$/) })
    const call = bridgeCalls(door.bridge)
    expect(await call('app.info', {})).toMatchObject({ door: 'window', writable: true, workspace: join(home, 'space'), folder: home })
    expect(await door.ask('page', 'app://scalewright/nothing.js')).toMatchObject({ status: 404 })
    await door.ask('close')
    expect(await door.ended).toBe(0)
    expect(JSON.parse(readFileSync(join(home, 'window.json'), 'utf8'))).toEqual({ x: 1, y: 2, width: 1000, height: 700 })
    expect(door.stderr()).toBe('')
  })

  it('runs engines as utility processes, asks before it ends one, and leaves none behind', async () => {
    door = openDoor({ home: temporaryFolder() })
    await door.loaded()
    const call = bridgeCalls(door.bridge)
    const report = await call('models.inspect', { model: { kind: 'bundled' } })
    expect(report).toHaveProperty('sha256')
    const follow = (listen: Parameters<typeof bridgeEvents>[1]) => bridgeEvents(door.bridge, listen)
    const running = nextEvent(follow, (event) => event.type === 'job' && event.job.progress !== null)
    await call('jobs.start', { kind: 'demo' })
    await running
    await door.ask('close')
    await expect.poll(async () => (await told()).boxes).toEqual(['A job is running'])
    // The first answer was to stay.
    expect((await call('jobs.list', {})).jobs[0]!.state).toBe('running')
    const { children } = await told()
    await door.ask('quit')
    expect(await door.ended).toBe(0)
    expect(children.length).toBeGreaterThan(1)
    // A child that was told to end may outlive the program by a moment.
    await expect.poll(() => children.filter(isAlive)).toEqual([])
  })

  it('goes to what was double-clicked: at the start, and by a second start', async () => {
    const home = temporaryFolder()
    door = openDoor({ home, words: ['first.onnx'] })
    expect(await door.loaded()).toBe(`app://scalewright/#/open?path=${encodeURIComponent(join(home, 'first.onnx'))}`)
    await door.ask('emit', 'second-instance', [], '', { paths: ['/models/second.onnx'] })
    expect(await door.loaded()).toBe('app://scalewright/#/open?path=%2Fmodels%2Fsecond.onnx')
    await door.ask('emit', 'open-file', '/models/third.onnx')
    expect(await door.loaded()).toContain('third.onnx')
    await door.ask('emit', 'second-instance', [], '', { paths: [] })
    expect(await told()).toMatchObject({ focused: 3, recent: [join(home, 'first.onnx'), '/models/second.onnx', '/models/third.onnx'] })
  })

  it('ends at once when it is the second start, or is asked to be the terminal', async () => {
    const home = temporaryFolder()
    door = openDoor({ home, environment: { STAND_IN_SECOND: '1' } })
    expect(await door.ended).toBe(0)
    door = openDoor({ home, words: ['--cli', 'inspect', 'x.onnx'] })
    expect([await door.ended, door.stderr().trimEnd().split('\n').length]).toEqual([2, 2])
    expect(existsSync(join(home, 'window.json'))).toBe(false)
  })

  it('says why it cannot open its workspace', async () => {
    const home = temporaryFolder()
    writeFileSync(join(home, 'file'), '')
    door = openDoor({ home, words: ['--workspace', join('file', 'space')] })
    expect(await door.ended).toBe(3)
    expect(door.stderr()).toContain('Scalewright cannot open its workspace')
    expect(door.stderr()).toContain(join(home, 'file'))
  })
})
