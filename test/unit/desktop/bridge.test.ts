import { beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { anyPath } from '../../../main/app/allowed-paths.ts'
import { openEventLog } from '../../../main/app/event-log.ts'
import { handlersOf } from '../../../main/app/handlers.ts'
import { openJobs } from '../../../main/app/jobs.ts'
import { answerCalls, eventStreams } from '../../../main/desktop/ipc.ts'
import { bridgeCalls, bridgeEvents, CALL_NAMES, decodeReply, type AppEvent, type Bridge } from '../../../preload/contract/index.ts'
import { builtBridge, runBridge } from '../../fixtures/built-bridge.ts'
import { windowPart } from '../../fixtures/electron-parts.ts'

const app = { workspace: '/nowhere', artifact: async () => Promise.reject(new Error('none')), runs: { list: async () => [] } } as unknown as App

/** The built bridge and the real door, with a line between them that copies as Electron's does. */
function joined(code: string) {
  const events = openEventLog(5)
  const bugs: unknown[] = []
  const handlers = handlersOf(app, openJobs(events), { door: 'window', writable: true, folder: '/nowhere', guard: anyPath })
  const line = { handlers, events, windows: new Set([1]), unexpected: (error: unknown) => bugs.push(error) }
  const [calls, streams] = [answerCalls(line), eventStreams(line)]
  const window = windowPart()
  const listeners = new Set<(event: unknown, ...words: unknown[]) => void>()
  const message = () => {
    const { sender, senderFrame } = window.message()
    return { senderFrame, sender: { ...sender, send: (_channel: string, ...words: unknown[]) => listeners.forEach((hear) => hear({}, ...structuredClone(words))) } }
  }
  const shown = runBridge(code, {
    contextBridge: { exposeInMainWorld: () => undefined },
    ipcRenderer: {
      invoke: async (_channel, name, request) => structuredClone(await calls(message(), name, request)),
      send: (_channel, ...words) => streams.hear(message(), ...(structuredClone(words) as [unknown, unknown])),
      on: (_channel, listener) => listeners.add(listener),
      off: (_channel, listener) => listeners.delete(listener),
    },
  })
  return { bridge: shown['scalewright'] as Bridge, shown, calls, streams, events, window, bugs, listeners }
}

describe('the built bridge', () => {
  let code: string
  let name: string
  beforeAll(async () => {
    ;({ code, name } = await builtBridge())
  })

  it('is one small CommonJS file that requires Electron alone', () => {
    expect(name).toBe('bridge.cjs')
    expect(code.match(/\brequire\([^)]*\)/g)).toEqual(['require("electron")'])
    expect(code).not.toMatch(/^\s*(?:import|export)\b|\bimport\(|zod/m)
    expect(code.length).toBeLessThan(3000)
  })

  it('shows the page two functions and nothing else', () => {
    const { shown, bridge } = joined(code)
    expect(Object.keys(shown)).toEqual(['scalewright'])
    expect(Object.entries(bridge).map(([name, value]) => [name, typeof value])).toEqual([['call', 'function'], ['follow', 'function']])
  })

  it('carries calls of the contract and their faults', async () => {
    const { bridge, bugs } = joined(code)
    const call = bridgeCalls(bridge)
    expect(await call('app.info', {})).toMatchObject({ door: 'window', writable: true, folder: '/nowhere' })
    expect((await call('recipe.check', { text: 'model: 3' })).ok).toBe(false)
    await expect(call('jobs.get', { id: 'none' })).rejects.toMatchObject({ fault: { code: 'input.unknown-job' } })
    await expect(call('jobs.get', { id: 3 } as never)).rejects.toMatchObject({ fault: { code: 'input.bad-request' } })
    expect(bugs).toEqual([])
  })

  it('lets go of an answer that nobody waits for, and says when nobody is there', async () => {
    const call = bridgeCalls({ call: () => new Promise(() => undefined), follow: () => () => undefined })
    const stop = new AbortController()
    const waiting = call('app.info', {}, stop.signal)
    stop.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    await expect(call('app.info', {}, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
    const dead = bridgeCalls({ call: async () => Promise.reject(new Error('the other side is gone')), follow: () => () => undefined })
    await expect(dead('app.info', {})).rejects.toMatchObject({ fault: { code: 'engine.unreachable' } })
  })

  it('follows events, goes on where it was, and stops', () => {
    const { bridge, events, listeners } = joined(code)
    const seen: AppEvent[] = []
    const stop = bridgeEvents(bridge, (event) => seen.push(event))
    const other: AppEvent[] = []
    const stopOther = bridgeEvents(bridge, (event) => other.push(event))
    for (const run of ['a', 'b', 'c']) events.publish({ type: 'runs', run })
    expect(seen.map(({ type, id }) => [type, id])).toEqual([['hello', 0], ['runs', 1], ['runs', 2], ['runs', 3]])
    expect(other).toEqual(seen)
    stop()
    stopOther()
    events.publish({ type: 'runs', run: 'd' })
    expect([seen.length, listeners.size]).toEqual([4, 0])
    const later: AppEvent[] = []
    bridgeEvents(bridge, (event) => later.push(event), { epoch: events.epoch, id: 2 })
    expect(later).toMatchObject([{ type: 'hello', id: 2, resumed: true }, { type: 'runs', run: 'c' }, { type: 'runs', run: 'd' }])
    const lost: AppEvent[] = []
    bridgeEvents(bridge, (event) => lost.push(event), { epoch: '0'.repeat(16), id: 2 })
    expect(lost).toMatchObject([{ type: 'hello', resumed: false }, { type: 'reset' }])
  })
})

describe('the line of the desktop window', () => {
  const none = 'exports = {}'
  const faultOf = async (calls: ReturnType<typeof joined>['calls'], name: unknown, request: unknown) => {
    const reply = decodeReply(await calls(windowPart().message(), name, request))
    return reply.ok ? 'answered' : reply.fault.code
  }

  it('answers whatever is sent with a fault of the contract (calls × ill-typed payloads)', async () => {
    const { calls, bugs } = joined(none)
    const wrong = [undefined, null, 0, true, [], {}, new Uint8Array(3), 'not json', '{"a":1', '[]', '3', 'null', '"x"', '{"__proto__":{"x":1},"id":[]}', '{"unknown":1}']
    for (const name of CALL_NAMES) for (const request of wrong) expect([name, request, await faultOf(calls, name, request)]).toEqual([name, request, 'input.bad-request'])
    for (const name of [undefined, null, 7, {}, [], ['app.info']]) expect(await faultOf(calls, name, '{}')).toBe('input.bad-request')
    for (const name of ['', 'constructor', '__proto__', 'app.Info', 'toString', 'x'.repeat(1 << 16)]) expect([name.slice(0, 20), await faultOf(calls, name, '{}')]).toEqual([name.slice(0, 20), 'input.unknown-call'])
    expect(await faultOf(calls, 'app.info', `{"a":"${'x'.repeat(1 << 20)}"}`)).toBe('input.bad-request')
    expect(bugs).toEqual([])
  })

  it('takes nothing from anybody else', async () => {
    const { calls, streams, window, events } = joined(none)
    const strangers = [windowPart(2).message(), windowPart(1, 'https://example.com/').message(), windowPart(1).message({ parent: {} }), windowPart(1).message(null)]
    for (const stranger of strangers) await expect(calls(stranger, 'app.info', '{}')).rejects.toThrow('not answered')
    const foreign = windowPart(2)
    streams.hear(foreign.message(), 0, 'follow')
    for (const stream of [-1.5, 'x', null, {}, Number.NaN]) streams.hear(window.message(), stream, 'follow')
    events.publish({ type: 'runs', run: 'secret' })
    expect([foreign.sent, window.sent]).toEqual([[], []])
  })

  it('ends the streams of a window that is reloaded, and keeps them few', () => {
    const { streams, window, events } = joined(none)
    for (let stream = 0; stream < 40; stream++) streams.hear(window.message(), stream, 'follow')
    expect(window.sent).toHaveLength(16)
    events.publish({ type: 'runs', run: 'a' })
    expect(window.sent).toHaveLength(32)
    streams.forget(1)
    events.publish({ type: 'runs', run: 'b' })
    expect(window.sent).toHaveLength(32)
    streams.hear(window.message(), 0, 'follow')
    window.state.destroyed = true
    events.publish({ type: 'runs', run: 'c' })
    expect(window.sent).toHaveLength(33)
  })
})
