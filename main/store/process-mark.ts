import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Tells a process from a later one with the same number: boot, pid namespace and start time, `boot/namespace/start`.
 * null where the system does not say.
 */
export function processMark(pid: number): string | null {
  if (process.platform !== 'linux') return null
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const namespace = readlinkSync('/proc/self/ns/pid')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Field 22; the command in field 2 may hold blanks and brackets.
    return `${boot}/${namespace}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return null // The process is gone, or this system shows no /proc.
  }
}

/** Whether the process that left this pid and mark is certainly gone. One of another container cannot be judged and counts as alive. */
export function isGone(pid: number, mark: string | null): boolean {
  const own = processMark(process.pid)
  if (mark !== null && own !== null) {
    const [boot, namespace] = mark.split('/')
    const [ownBoot, ownNamespace] = own.split('/')
    if (boot !== ownBoot) return true
    if (namespace !== ownNamespace) return false
    return processMark(pid) !== mark
  }
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
