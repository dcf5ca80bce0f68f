import { timing } from '../main/compare/latency.ts'
import { timeInTurns } from '../main/compare/turns.ts'
import { quietTask } from '../main/core/task.ts'
import type { Tensor } from '../main/onnx/graph.ts'
import { openSession, type Session, type SessionMode } from '../main/runtime/session.ts'
import { threads } from './subjects.ts'

export interface TimedModel {
  readonly bytes: Uint8Array
  readonly mode: SessionMode
  readonly feeds: Readonly<Record<string, Tensor>>
}

/** Milliseconds of each model's fastest run, all of them in turns: other work on the machine lengthens runs, never shortens them. */
export async function fastestInTurns(models: readonly TimedModel[], budgetMs: number): Promise<number[]> {
  const sessions: Session[] = []
  try {
    for (const { bytes, mode } of models) sessions.push(await openSession(bytes, { mode, threads }))
    const times = await timeInTurns(models.map(({ feeds }, index) => () => sessions[index]!.run(feeds)), budgetMs, quietTask)
    return times.map((own) => timing(own).min)
  } finally {
    for (const session of sessions) await session.close()
  }
}
