import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { pauseSwitch, type Progress } from '../../../main/core/task.ts'
import { runJob } from '../../../main/engine/supervisor.ts'

const entry = new URL('../../fixtures/engine-child.ts', import.meta.url)

/** Reports of a job that counts as long as it may. */
function counting() {
  const seen: Progress[] = []
  const controller = new AbortController()
  const pause = pauseSwitch()
  const ended = runJob({ kind: 'count', input: null }, { entry, signal: controller.signal, pause, report: (progress) => void seen.push(progress) })
  const until = async (done: number): Promise<void> => {
    while ((seen.at(-1)?.done ?? -1) < done) await sleep(10)
  }
  return { seen, controller, pause, ended, until }
}

test('a paused job rests, goes on where it was, and can be stopped while it rests', async () => {
  const { seen, controller, pause, ended, until } = counting()
  await until(3)
  pause.set(true)
  await sleep(300)
  const rested = seen.at(-1)!.done
  await sleep(300)
  expect(seen.at(-1)!.done).toBe(rested)
  pause.set(false)
  await until(rested + 3)
  pause.set(true)
  await sleep(200)
  controller.abort(new Error('stopped by hand'))
  await expect(ended).rejects.toThrow('stopped by hand')
})

test('a job that starts while it is paused waits for its first breath', async () => {
  const { seen, controller, pause, ended, until } = counting()
  pause.set(true)
  await sleep(600)
  expect(seen.length).toBeLessThan(4)
  pause.set(false)
  await until(5)
  controller.abort(new Error('enough'))
  await expect(ended).rejects.toThrow('enough')
})
