import type { RunStatus } from '../client.ts'
import { useSay, wordIn } from '../texts/texts.ts'

export type Version = 'float' | 'simulated' | 'fused' | 'reference'

/** A version of the model: its colour and its name, the same everywhere. */
export function VersionMark({ version }: { readonly version: Version }) {
  const say = useSay()
  return <span className="version" data-version={version}>{say(`version.${version}`)}</span>
}

/** Passed or failed, by shape, colour and word. */
export function Verdict({ passed, children }: { readonly passed: boolean; readonly children?: string }) {
  const say = useSay()
  return <span className="verdict" data-tone={passed ? 'good' : 'bad'}>{passed ? '✓' : '✕'} {children ?? say(passed ? 'gate.passed' : 'gate.failed')}</span>
}

const STATUS_SHAPES: Readonly<Record<RunStatus, string>> = { running: '◐', done: '✓', failed: '✕', cancelled: '–' }
const STATUS_TONES: Readonly<Record<RunStatus, string>> = { running: 'accent', done: 'good', failed: 'bad', cancelled: 'muted' }

export function StatusMark({ status }: { readonly status: RunStatus }) {
  const say = useSay()
  return <span className="verdict" data-tone={STATUS_TONES[status]}>{STATUS_SHAPES[status]} {wordIn(say, 'status', status)}</span>
}

export function Tag({ children }: { readonly children: string }) {
  return <span className="tag">{children}</span>
}

export function Key({ children }: { readonly children: string }) {
  return <kbd className="key">{children}</kbd>
}
