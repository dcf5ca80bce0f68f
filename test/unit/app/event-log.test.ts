import { expect, it } from 'vitest'
import { openEventLog, type EventPlace } from '../../../main/app/event-log.ts'
import type { AppEvent } from '../../../preload/contract/events.ts'

const seenBy = (log: ReturnType<typeof openEventLog>, after?: EventPlace) => {
  const seen: AppEvent[] = []
  const stop = log.subscribe((event) => seen.push(event), after)
  return { seen, stop, ids: () => seen.filter((event) => event.type === 'runs').map((event) => event.id) }
}

it('numbers events without a gap and tells each listener from where it stands', () => {
  const log = openEventLog()
  const early = seenBy(log)
  for (const run of ['a', 'b', 'c']) log.publish({ type: 'runs', run })
  expect(early.ids()).toEqual([1, 2, 3])
  const late = seenBy(log, { epoch: log.epoch, id: 1 })
  expect(late.seen).toEqual([{ type: 'hello', id: 1, epoch: log.epoch, resumed: true }, { type: 'runs', id: 2, run: 'b' }, { type: 'runs', id: 3, run: 'c' }])
  early.stop()
  log.publish({ type: 'runs', run: 'd' })
  expect([early.ids().length, late.ids()]).toEqual([3, [2, 3, 4]])
})

it('says reset where what was missed is no longer kept, or was never its own', () => {
  const log = openEventLog(3)
  for (let n = 1; n <= 10; n++) log.publish({ type: 'runs', run: String(n) })
  expect(seenBy(log, { epoch: log.epoch, id: 7 }).ids()).toEqual([8, 9, 10])
  for (const place of [{ epoch: log.epoch, id: 6 }, { epoch: log.epoch, id: 11 }, { epoch: 'other', id: 9 }]) {
    expect(seenBy(log, place).seen).toEqual([{ type: 'hello', id: 10, epoch: log.epoch, resumed: false }, { type: 'reset', id: 10 }])
  }
  expect(seenBy(log).seen).toEqual([{ type: 'hello', id: 10, epoch: log.epoch, resumed: false }])
  expect(seenBy(openEventLog(), { epoch: log.epoch, id: 0 }).seen.at(-1)).toMatchObject({ type: 'reset' })
  expect(openEventLog().epoch).not.toBe(log.epoch)
})
