import { expect, test } from 'vitest'
import { displayWidth } from '../../../main/cli/layout.ts'
import { progressLine } from '../../../main/cli/progress-line.ts'
import { sayIn } from '../../../main/cli/texts/texts.ts'
import { memoryTerminal } from '../../fixtures/memory-terminal.ts'

/** A line with a clock that the test turns. */
function watched(options: { tty?: boolean; columns?: number; lang?: 'en' | 'zh' } = {}) {
  const terminal = memoryTerminal(options)
  let milliseconds = 0
  const line = progressLine(terminal, sayIn(options.lang ?? 'en'), () => milliseconds)
  const work = (stage: string, total: number, everyMs: number, unit?: string): void => {
    for (let done = 0; done <= total; done++) {
      line.report({ stage, done, total, ...(unit === undefined ? {} : { unit }) })
      milliseconds += everyMs
    }
  }
  return { terminal, line, work, pass: (ms: number) => (milliseconds += ms) }
}

test('without a terminal there is a line every 10 %, with count, rate and the time left', () => {
  const { terminal, work } = watched()
  work('observe', 200, 100, 'pictures')
  const lines = terminal.stderr().trimEnd().split('\n')
  expect(lines).toHaveLength(10)
  expect(lines[0]).toBe('observe   10 %  20/200 pictures  10/s  0:18 left')
  expect(lines[9]).toBe('observe  100 %  200/200 pictures  10/s')
  for (const steering of ['\r', '\u001b']) expect(terminal.stderr()).not.toContain(steering)
})

test('few steps give no more lines than steps; every stage starts anew', () => {
  const { terminal, work } = watched()
  work('quantize', 3, 1)
  work('layers', 2, 1)
  expect(terminal.stderr().trimEnd().split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
    'quantize 33 % 1/3', 'quantize 66 % 2/3', 'quantize 100 % 3/3', 'layer errors 50 % 1/2', 'layer errors 100 % 2/2',
  ])
})

test('the rate follows a machine that gets slower', () => {
  const { terminal, line, pass } = watched()
  for (let done = 0; done <= 50; done++) {
    line.report({ stage: 'observe', done, total: 100 })
    pass(done < 25 ? 100 : 2000)
  }
  // Only the last 15 seconds count, in which a picture took 2 s: 50 left are 1:40. Over all it would be 0:53.
  expect(terminal.stderr().trimEnd().split('\n').at(-1)).toContain('0.5/s  1:4')
})

test('on a terminal one line is drawn over, at most ten times a second, never wider than the window', () => {
  const { terminal, line, work } = watched({ tty: true, columns: 34 })
  work('observe', 1000, 10, 'pictures')
  line.end()
  const text = terminal.stderr()
  expect(text).not.toContain('\n')
  const drawings = text.split('\r').filter((part) => part !== '')
  // 10 s at ten a second, and the first and the last.
  expect(drawings.length).toBeGreaterThan(95)
  expect(drawings.length).toBeLessThan(105)
  for (const drawing of drawings) expect(displayWidth(drawing.replace('\u001b[K', ''))).toBeLessThan(34)
  expect(text.endsWith('\r\u001b[K')).toBe(true)
})

test('a note is printed once and never inside the live line', () => {
  const { terminal, line } = watched({ tty: true })
  const note = 'layout nchw was taken from the\u001b[31m graph'
  for (let done = 0; done < 3; done++) line.report({ stage: 'observe', done, total: 3, note })
  expect(terminal.stderr().match(/note: /g)).toHaveLength(1)
  line.report({ stage: 'observe', done: 3, total: 3, note: 'another' })
  expect(terminal.stderr()).toContain('\r\u001b[Knote: another\n')
  expect(terminal.stderr()).toContain('\\u{1b}[31m')
})

test('an unknown total shows the count; words are translated where they have a text', () => {
  const { terminal, line } = watched({ lang: 'zh' })
  line.report({ stage: 'observe', done: 0, total: 0 })
  line.report({ stage: 'observe', done: 4, total: 8, unit: 'pictures' })
  line.report({ stage: 'somethingNew', done: 1, total: 1, unit: 'things' })
  expect(terminal.stderr().split('\n')).toEqual(['观察', '观察   50 %  4/8 张图片', 'somethingNew  100 %  1/1 things', ''])
})

test('training tells its losses on the line', () => {
  const { terminal, line } = watched()
  line.report({ stage: 'finetune', done: 20, total: 40, unit: 'steps', loss: { train: 0.0123, heldBack: 4.56e-6 } })
  expect(terminal.stderr()).toBe('fine-tune   50 %  20/40 steps  loss 1.2e-2, best held back 4.6e-6\n')
})
