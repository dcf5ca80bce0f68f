import type { JobDetail } from '../../client.ts'

/** One thing that a job does, in its order. */
export interface Stage {
  readonly stage: string
  /** The method it is done for, in a job of several. */
  readonly part: string | null
  readonly state: 'done' | 'running' | 'open' | 'stopped'
  /** How long it took, seconds; null while it is not done. */
  readonly seconds: number | null
}

const namesOf = (methods: readonly string[], tunes: boolean): readonly (readonly [stage: string, part: string | null])[] => [
  ['prepare', null], ['observe', null], ...(tunes ? [['finetune', null] as const] : []),
  ...(methods.length === 0 ? [null] : methods).flatMap((method) => [['quantize', method], ['compare', method]] as const),
  ['latency', null],
]

/**
 * The stages of a job as its log tells them: a line of its own where each begins. Stages that a job does in between (samples are opened
 * again, operators are timed) belong to the one that they stand in.
 */
export function stagesOf({ methods, log, state }: Pick<JobDetail, 'methods' | 'log' | 'state'>): readonly Stage[] {
  // Only a recipe that asks for it is fine-tuned; of several methods each is, in between.
  const names = namesOf(methods, methods.length === 0 && log.some(({ level, text }) => level === 'info' && text === 'finetune'))
  const begun = names.map((): number | null => null)
  let at = -1
  for (const { level, text, time } of log) {
    if (level !== 'info') continue
    const found = names.findIndex(([stage, part], index) => index > at && text === (part === null ? stage : `${stage} ${part}`))
    if (found < 0) continue
    at = found
    begun[found] = Date.parse(time)
  }
  const ended = log.at(-1)
  const isOver = state === 'done' || state === 'failed' || state === 'cancelled'
  return names.map(([stage, part], index) => {
    const from = begun[index] ?? null
    const next = begun.slice(index + 1).find((time) => time !== null) ?? (isOver && ended !== undefined ? Date.parse(ended.time) : null)
    const isPast = index < at || state === 'done'
    // A stage that was never begun although later ones were has been left out: there was nothing to do.
    const current: Stage['state'] = isPast ? 'done' : index > at ? 'open' : isOver ? 'stopped' : 'running'
    return { stage, part, state: current, seconds: isPast && from !== null && next !== null ? (next - from) / 1000 : null }
  })
}
