import type { Browser, Page } from 'playwright-core'
import { openWorkbench, type Look } from '../../test/e2e/browser.ts'

/** What the page records of itself: the times between frames while it is told to, and every task that blocked it. */
const RECORDER = `(() => {
  let times = []
  let on = false
  const tick = (time) => { if (on) { times.push(time); requestAnimationFrame(tick) } }
  globalThis.frames_ = {
    start() { times = []; on = true; requestAnimationFrame(tick) },
    stop() { on = false; return times.slice(1).map((time, index) => time - times[index]) },
  }
  globalThis.longTasks_ = []
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) longTasks_.push(duration) }).observe({ type: 'longtask', buffered: true })
  globalThis.untilFrame_ = () => new Promise(requestAnimationFrame)
  /** Milliseconds from typing a text to the frame that shows that what is read has changed. */
  globalThis.typed_ = async (text, read) => {
    const field = document.querySelector('[data-filter]')
    const before = read()
    const began = performance.now()
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, text)
    field.dispatchEvent(new Event('input', { bubbles: true }))
    while (read() === before) {
      if (performance.now() - began > 5000) throw new Error('typed ' + text + ' and nothing changed')
      await untilFrame_()
    }
    return performance.now() - began
  }
})()`

/** The built window in a profile of its own, recording. */
export async function openRecording(browser: Browser, url: string, look: Look = {}): Promise<Page> {
  const { page } = await openWorkbench(browser, 'about:blank', look)
  await page.addInitScript({ content: RECORDER })
  await page.goto(url)
  await page.locator('.rail').waitFor()
  return page
}

/** The times between frames, ms, while something is done. */
export async function framesWhile(page: Page, work: () => Promise<void>): Promise<readonly number[]> {
  await page.evaluate('frames_.start()')
  await work()
  return page.evaluate('frames_.stop()')
}

/** Frames while a table is scrolled, so many pixels a frame. */
export const framesOfScroll = (page: Page, label: string, pixels: number, count: number): Promise<readonly number[]> => page.evaluate(`(async () => {
  const table = document.querySelector('[role=grid][aria-label="${label}"]')
  frames_.start()
  for (let step = 0; step < ${count}; step++) { table.scrollTop += ${pixels}; await untilFrame_() }
  return frames_.stop()
})()`)

/** Milliseconds of each text, typed one after the other, until the number of rows is another. Texts in turn must fit different numbers of rows. */
export const filterTimes = (page: Page, label: string, texts: readonly string[]): Promise<readonly number[]> => page.evaluate(`(async () => {
  const table = document.querySelector('[role=grid][aria-label="${label}"]')
  const times = []
  for (const text of ${JSON.stringify(texts)}) {
    times.push(await typed_(text, () => table.getAttribute('aria-rowcount')))
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  return times
})()`)

/** Durations of tasks that blocked the page since it was last asked. */
export const longTasks = (page: Page): Promise<readonly number[]> => page.evaluate('longTasks_.splice(0)')

/** The value below which the share lies, by nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}
