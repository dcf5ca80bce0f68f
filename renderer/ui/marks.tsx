import type { ReactNode } from 'react'
import type { RunStatus } from '../client.ts'
import { useSay, wordIn, type Say } from '../texts/texts.ts'

export type Version = 'float' | 'simulated' | 'fused' | 'reference'

/** A version of the model: its colour and its name, the same everywhere. */
export function VersionMark({ version }: { readonly version: Version }) {
  const say = useSay()
  return <span className="version" data-version={version}>{say(`version.${version}`)}</span>
}

/** Passed or failed, by shape, colour and word. Where very many are drawn at once: no part of its own. */
export const verdict = (say: Say, passed: boolean, word?: string): ReactNode =>
  <span className="verdict" data-tone={passed ? 'good' : 'bad'}>{passed ? '✓' : '✕'} {word ?? say(passed ? 'gate.passed' : 'gate.failed')}</span>

export function Verdict({ passed, children }: { readonly passed: boolean; readonly children?: string }) {
  return verdict(useSay(), passed, children)
}

const STATUS_SHAPES: Readonly<Record<RunStatus, string>> = { running: '◐', done: '✓', failed: '✕', cancelled: '–' }
const STATUS_TONES: Readonly<Record<RunStatus, string>> = { running: 'accent', done: 'good', failed: 'bad', cancelled: 'muted' }

export const statusMark = (say: Say, status: RunStatus): ReactNode =>
  <span className="verdict" data-tone={STATUS_TONES[status]}>{STATUS_SHAPES[status]} {wordIn(say, 'status', status)}</span>

export function StatusMark({ status }: { readonly status: RunStatus }) {
  return statusMark(useSay(), status)
}

export function Tag({ children }: { readonly children: string }) {
  return <span className="tag">{children}</span>
}

export function Key({ children }: { readonly children: string }) {
  return <kbd className="key">{children}</kbd>
}
