import type { FaultData } from '../core/fault.ts'

const CRASH_SIGNALS: Record<string, string> = {
  SIGSEGV: 'an invalid memory access',
  SIGBUS: 'an invalid memory access',
  SIGABRT: 'it aborted itself',
  SIGILL: 'an instruction that this CPU does not have',
  SIGFPE: 'an arithmetic exception',
  SIGTRAP: 'it aborted itself',
}

const SMALLER = 'use fewer or smaller samples, fewer threads, or close other programs'

/** Why an engine process ended without an outcome, from its exit code or signal and its last words. */
export function deathFault(kind: string, code: number | null, signal: NodeJS.Signals | null, stderr: string): FaultData {
  const where = `job '${kind}'`
  const ranOut = /out of memory|bad_alloc|Cannot allocate memory/i.test(stderr)
  if (signal !== null && !(signal in CRASH_SIGNALS)) {
    return {
      code: 'engine.killed',
      where,
      what: `the engine process was killed (${signal})`,
      next:
        signal === 'SIGKILL'
          ? `If nobody stopped it, the system was probably out of memory: ${SMALLER}. Then run the command again.`
          : 'Something outside stopped it. Run the command again.',
    }
  }
  const how = signal === null ? `exit code ${code}` : `${signal}, ${CRASH_SIGNALS[signal]}`
  return {
    code: 'engine.crashed',
    where,
    what: ranOut ? `the engine process ran out of memory (${how})` : `the engine process crashed (${how})`,
    next: ranOut
      ? `To need less memory, ${SMALLER}.`
      : 'Run the command again; if it crashes again, report it with the model. Nothing else was touched.',
  }
}
