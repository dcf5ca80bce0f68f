import { freemem, totalmem } from 'node:os'
import { asFault } from '../core/fault.ts'
import type { Task } from '../core/task.ts'
import type { Store } from '../store/open-store.ts'
import { diskFree } from './app-info.ts'
import type { DoctorCheck, DoctorReport } from './api.ts'
import { job } from './record.ts'

export interface DoctorInput {
  readonly workspace: string
  readonly threads: number
  readonly open: () => Store
  readonly task: Task
}

const GB = 1e9
/** Below this a run of a mid-sized model may not fit. */
const LITTLE_MEMORY = 2 * GB
const LITTLE_DISK = 1 * GB

/** Looks at everything a run rests on. A check that cannot be made is a failed one, not an error. */
export async function doctor({ workspace, threads, open, task }: DoctorInput): Promise<DoctorReport> {
  const { environment, instructionSet, productsSaturate } = await job('environment', { threads }, task)
  const checks: DoctorCheck[] = [
    { name: 'node', status: 'ok', value: environment.node },
    { name: 'onnxruntime', status: 'ok', value: environment.onnxruntime },
    instructions(instructionSet, productsSaturate),
    await providers(task),
    memory(),
    await disk(workspace),
    await health(workspace, open, task),
  ]
  return { ok: checks.every((check) => check.status !== 'failed'), environment, checks }
}

function instructions(flags: readonly string[] | null, saturate: boolean | null): DoctorCheck {
  const value = flags === null ? process.arch : flags.join(' ')
  if (!saturate) return { name: 'instructions', status: 'ok', value }
  return {
    name: 'instructions', status: 'warning', value,
    next: 'This CPU has no VNNI: sums of u8×s8 products can saturate in fused models. Judge a board by the simulated numbers, or use preset x86.',
  }
}

/** The CPU is enough; what else there is is said. A driver that ends the process on the way is not there to be used. */
async function providers(task: Task): Promise<DoctorCheck> {
  const name = 'providers'
  try {
    const states = await job('providers', undefined, task)
    const present = states.filter((state) => state.present).map(({ title }) => title)
    const absent = states.filter((state) => !state.present).map(({ title, why }) => `${title} (${why})`)
    return { name, status: 'ok', value: `${present.join(', ')}${absent.length === 0 ? '' : `; absent: ${absent.join(', ')}`}` }
  } catch (thrown) {
    task.signal.throwIfAborted()
    return { name, status: 'warning', value: `CPU; looking for others ended with: ${asFault(thrown).message}`, next: 'Scalewright computes on the CPU; mend or remove the driver where you need another provider.' }
  }
}

function memory(): DoctorCheck {
  const value = `${(freemem() / GB).toFixed(1)} of ${(totalmem() / GB).toFixed(1)} GB free`
  return freemem() > LITTLE_MEMORY ? { name: 'memory', status: 'ok', value } : { name: 'memory', status: 'warning', value, next: 'Close other programs before large models.' }
}

async function disk(workspace: string): Promise<DoctorCheck> {
  const free = await diskFree(workspace)
  const value = `${(free / GB).toFixed(1)} GB free`
  return free > LITTLE_DISK ? { name: 'disk', status: 'ok', value } : { name: 'disk', status: 'warning', value, next: `Free some space for ${workspace}.` }
}

async function health(workspace: string, open: () => Store, task: Task): Promise<DoctorCheck> {
  try {
    const { clean, runs, artifacts, problems } = await open().check(task)
    if (clean) return { name: 'workspace', status: 'ok', value: `${workspace}: ${runs} runs, ${artifacts} files, all whole` }
    const first = problems[0]!
    return { name: 'workspace', status: 'failed', value: `${workspace}: ${problems.length} problems; ${first.where}: ${first.what}`, next: 'Copy the folder aside before anything else; runs that do not name these files are sound.' }
  } catch (thrown) {
    task.signal.throwIfAborted()
    const fault = asFault(thrown)
    return { name: 'workspace', status: 'failed', value: fault.message, ...(fault.next === undefined ? {} : { next: fault.next }) }
  }
}
