import type { Fault } from '../core/fault.ts'
import type { Style } from './layout.ts'
import { displayWidth, plain } from './layout.ts'
import type { Say } from './texts/texts.ts'

/** An error for a person: one block of what, where and next. A fault of ours also shows where in the code it arose. */
export function faultBlock(fault: Fault, say: Say, style: Style): string {
  const rows: [string, string][] = []
  if (fault.where !== undefined && fault.where !== '') rows.push([say('error.where'), plain(fault.where)])
  if (fault.next !== undefined) rows.push([say('error.next'), plain(fault.next)])
  if (fault.code.startsWith('bug.')) rows.push(...traceRows(fault, say))
  const widest = Math.max(0, ...rows.map(([label]) => displayWidth(label)))
  const lines = rows.map(([label, text]) => `  ${style.faint(label + ' '.repeat(widest - displayWidth(label)))}  ${text}`)
  return [`${style.bad(say('error.title'))}: ${plain(fault.what)}`, ...lines, ''].join('\n')
}

function traceRows(fault: Fault, say: Say): [string, string][] {
  const stack = (fault.cause instanceof Error ? fault.cause.stack : fault.stack) ?? ''
  const places = stack.split('\n').filter((line) => /^\s+at /.test(line)).slice(0, 6)
  return places.map((line, index): [string, string] => [index === 0 ? say('error.trace') : '', plain(line.trim())])
}
