import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ChildEnd } from '../../../main/app/children.ts'
import { endOf, utilityStarter, type UtilityChild, type UtilityOptions } from '../../../main/desktop/utility-child.ts'
import { parentLink, type LinkHost } from '../../../main/engine/parent-link.ts'

/** Stands for a UtilityProcess, as far as its types and its documentation say what it does. */
class UtilityPart extends EventEmitter implements UtilityChild {
  pid: number | undefined = undefined
  readonly stderr = new PassThrough()
  readonly posted: unknown[] = []
  asked = 0
  postMessage(message: unknown): void {
    this.posted.push(structuredClone(message))
  }
  kill(): boolean {
    this.asked += 1
    return true
  }
  spawn(): void {
    this.pid = 4711
    this.emit('spawn')
  }
  exit(code: number): void {
    this.pid = undefined
    this.emit('exit', code)
    this.stderr.end()
  }
}

function started() {
  const part = new UtilityPart()
  const seen = { pids: [] as number[], messages: [] as unknown[], ends: [] as ChildEnd[], failures: [] as string[], killed: [] as number[], forked: [] as [string, string[], UtilityOptions][] }
  const fork = (...words: [string, string[], UtilityOptions]): UtilityChild => {
    seen.forked.push(words)
    return part
  }
  const start = utilityStarter(fork, (pid) => seen.killed.push(pid))
  const entry = pathToFileURL('/some folder/child.js')
  const child = start(entry, '/empty', { started: (pid) => seen.pids.push(pid), message: (message) => seen.messages.push(message), notStarted: ({ message }) => seen.failures.push(message), ended: (end) => seen.ends.push(end) })
  return { part, child, seen }
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('an engine as a utility process', () => {
  it('is forked from the file, in its folder, with its errors at hand', () => {
    const [[entry, words, options]] = started().seen.forked as [[string, string[], UtilityOptions]]
    expect([pathToFileURL(entry).href, words]).toEqual([pathToFileURL('/some folder/child.js').href, []])
    expect(entry).toContain('some folder')
    expect(options).toEqual({ cwd: '/empty', stdio: ['ignore', 'ignore', 'pipe'], serviceName: 'Scalewright engine' })
  })

  it('says its pid, takes messages, gives messages, and its end with its last words', async () => {
    const { part, child, seen } = started()
    part.spawn()
    child.send({ type: 'start', data: new Float32Array([1]) })
    part.emit('message', { type: 'done' })
    part.stderr.write('terminate called: bad_alloc\n')
    part.exit(6)
    child.send('too late')
    await settled()
    expect([seen.pids, seen.messages, seen.ends]).toEqual([[4711], [{ type: 'done' }], [{ code: null, signal: 'SIGABRT', lastWords: 'terminate called: bad_alloc' }]])
    expect(part.posted).toEqual([{ type: 'start', data: new Float32Array([1]) }])
    expect(() => started().child.send(() => 1)).toThrow('could not be cloned')
  })

  it('is killed for good, not asked to end; also before it runs', async () => {
    const { part, child, seen } = started()
    part.spawn()
    child.kill()
    expect([seen.killed, part.asked]).toEqual([[4711], 0])
    part.exit(9)
    child.kill()
    await settled()
    expect([seen.killed, seen.ends]).toEqual([[4711], [{ code: null, signal: 'SIGKILL', lastWords: '' }]])
    const early = started()
    early.child.kill()
    expect([early.part.asked, early.seen.killed]).toEqual([1, []])
    early.part.spawn()
    expect([early.seen.killed, early.seen.pids]).toEqual([[4711], []])
  })

  it('that keeps its stderr open is not waited for', async () => {
    const { part, seen } = started()
    part.spawn()
    part.stderr.write('half a word')
    part.emit('exit', 1)
    await expect.poll(() => seen.ends).toEqual([{ code: 1, signal: null, lastWords: 'half a word' }])
  })

  it('that cannot be forked says so after its caller has it', async () => {
    const failures: string[] = []
    const start = utilityStarter(() => {
      throw new Error('no more processes')
    })
    const child = start('/child.js', '/', { message: () => undefined, notStarted: ({ message }) => failures.push(message), ended: () => undefined })
    expect(failures).toEqual([])
    child.send(1)
    child.kill()
    await settled()
    expect(failures).toEqual(['no more processes'])
  })

  const LINUX = { SIGHUP: 1, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 }
  it.each([
    [0, { code: 0, signal: null }], [1, { code: 1, signal: null }], [256, { code: 1, signal: null }], [7 * 256, { code: 7, signal: null }],
    [9, { code: null, signal: 'SIGKILL' }], [11, { code: null, signal: 'SIGSEGV' }], [139, { code: null, signal: 'SIGSEGV' }], [134, { code: null, signal: 'SIGABRT' }], [7, { code: null, signal: 'SIGBUS' }],
    [15, { code: null, signal: 'SIGTERM' }], [100, { code: 100, signal: null }],
  ])('that ends with %i ended as %j', (code, end) => expect(endOf(code, LINUX)).toEqual(end))

  it('on Windows ends with the code of the system', () => {
    expect([endOf(0xc000_0005, {}), endOf(256, {}), endOf(9, {})]).toEqual([{ code: 0xc000_0005, signal: null }, { code: 256, signal: null }, { code: 9, signal: null }])
  })
})

/** Stands for the process of a child. */
class HostPart extends EventEmitter {
  readonly exits: number[] = []
  exit(code: number): never {
    this.exits.push(code)
    return undefined as never
  }
}

describe('the line of an engine to its parent', () => {
  it('is the parent port where there is one', () => {
    const parentPort = Object.assign(new EventEmitter(), { posted: [] as unknown[], postMessage: (message: unknown) => void parentPort.posted.push(message) })
    const host = Object.assign(new HostPart(), { parentPort })
    const link = parentLink(host as unknown as LinkHost)
    const heard: unknown[] = []
    link.listen((message) => heard.push(message))
    parentPort.emit('message', { data: { type: 'cancel' }, ports: [] })
    link.send({ type: 'done' })
    expect([heard, parentPort.posted, host.listenerCount('disconnect')]).toEqual([[{ type: 'cancel' }], [{ type: 'done' }], 0])
  })

  it('is the channel of a fork otherwise, and the child ends with it', () => {
    const sent: unknown[] = []
    const host = Object.assign(new HostPart(), { send: (message: unknown) => Boolean(sent.push(message)) })
    const link = parentLink(host as unknown as LinkHost)
    const heard: unknown[] = []
    link.listen((message) => heard.push(message))
    host.emit('message', 'hello')
    link.send('done')
    host.emit('SIGINT')
    expect([heard, sent, host.exits]).toEqual([['hello'], ['done'], []])
    host.emit('disconnect')
    expect(host.exits).toEqual([1])
  })

  it('must be there', () => expect(() => parentLink(new HostPart() as unknown as LinkHost)).toThrow('started by its supervisor'))
})
