import type { Progress } from '../core/task.ts'
import { cut, plain } from './layout.ts'
import { clock } from './numbers.ts'
import type { Terminal } from './terminal.ts'
import type { Say } from './texts/texts.ts'
import { wordIn } from './texts/texts.ts'

const LIVE_EVERY_MS = 100
/** The rate is that of the last stretch of work, so that it follows a machine that gets slower. */
const RATE_WINDOW_MS = 15_000
/** Before this much was seen an estimate would only jump. */
const ESTIMATE_AFTER_MS = 500

export interface ProgressLine {
  report(progress: Progress): void
  /** Takes the live line away; later reports start a new one. */
  end(): void
}

interface Stage {
  readonly name: string
  readonly part: string | undefined
  readonly seen: { readonly at: number; readonly done: number }[]
  /** Last whole tenth that was printed, or -1. */
  tenth: number
}

/**
 * Shows progress on stderr: one line that is drawn over on a terminal, else a line every 10 %. Notes are printed once each.
 * `now` gives milliseconds of a steady clock.
 */
export function progressLine(terminal: Terminal, say: Say, now: () => number = () => performance.now()): ProgressLine {
  const notes = new Set<string>()
  let stage: Stage | null = null
  let drawnAt = -Infinity
  let drawn = false

  const erase = (): void => {
    if (drawn) terminal.error('\r\u001b[K')
    drawn = false
  }
  const note = (text: string): void => {
    if (notes.has(text)) return
    notes.add(text)
    erase()
    terminal.error(`${say('note.title')}: ${plain(text)}\n`)
  }
  const drawLive = (progress: Progress, line: string, at: number): void => {
    if (at - drawnAt < LIVE_EVERY_MS && progress.done < progress.total) return
    drawnAt = at
    drawn = true
    terminal.error(`\r${cut(line, Math.max(terminal.errorColumns() - 1, 20))}\u001b[K`)
  }

  return {
    report(progress) {
      if (progress.note !== undefined) note(progress.note)
      const at = now()
      if (stage === null || stage.name !== progress.stage || stage.part !== progress.part || progress.done < stage.seen.at(-1)!.done) {
        stage = { name: progress.stage, part: progress.part, seen: [], tenth: -1 }
        drawnAt = -Infinity
      }
      remember(stage, at, progress.done)
      const line = progressText(progress, estimate(stage, progress), say)
      if (terminal.errorIsTty) return drawLive(progress, line, at)
      const tenth = progress.total > 0 ? Math.floor((Math.min(progress.done, progress.total) / progress.total) * 10) : 0
      if (tenth <= stage.tenth || (tenth === 0 && progress.total > 0)) return
      stage.tenth = tenth
      terminal.error(`${line}\n`)
    },
    end: erase,
  }
}

function remember(stage: Stage, at: number, done: number): void {
  stage.seen.push({ at, done })
  while (stage.seen.length > 2 && at - stage.seen[0]!.at > RATE_WINDOW_MS) stage.seen.shift()
}

interface Estimate {
  readonly perSecond: number
  readonly secondsLeft: number
}

function estimate(stage: Stage, progress: Progress): Estimate | null {
  const first = stage.seen[0]!
  const last = stage.seen.at(-1)!
  if (last.at - first.at < ESTIMATE_AFTER_MS || last.done <= first.done) return null
  const perSecond = ((last.done - first.done) * 1000) / (last.at - first.at)
  return { perSecond, secondsLeft: Math.max(0, progress.total - progress.done) / perSecond }
}

/** `observe  38 %  12/32 pictures  4.1/s  0:05 left`; `quantize mse  …` where it is done for one of several. */
export function progressText(progress: Progress, estimated: Estimate | null, say: Say): string {
  const { done, total } = progress
  const unit = progress.unit === undefined ? '' : ` ${wordIn(say, 'unit', progress.unit)}`
  const parts = [plain([wordIn(say, 'stage', progress.stage), progress.part].filter(Boolean).join(' '))]
  if (total > 0) parts.push(`${String(Math.floor((Math.min(done, total) / total) * 100)).padStart(3)} %`, `${done}/${total}${plain(unit)}`)
  else if (done > 0) parts.push(`${done}${plain(unit)}`)
  if (progress.loss) parts.push(say('progress.loss', { train: progress.loss.train.toExponential(1), held: progress.loss.heldBack.toExponential(1) }))
  if (estimated) parts.push(`${estimated.perSecond.toFixed(estimated.perSecond < 10 ? 1 : 0)}/s`)
  if (estimated && total > 0 && done < total) parts.push(say('progress.left', { time: clock(estimated.secondsLeft) }))
  return parts.join('  ')
}
