import type { RepairView } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { fixed, signed } from '../../ui/format.ts'

interface RepairScoreProps extends Pick<RepairView['scores'], 'before' | 'after'> {
  readonly protocol: string
}

/** `26.104 → 29.310 dB ▲ +3.206`; null stands for a picture that equals its reference. */
export function RepairScore({ protocol, before, after }: RepairScoreProps) {
  const say = useSay()
  const text = (value: number | null): string => (value === null ? '∞' : fixed(value, 3))
  const change = before === null || after === null ? null : after - before
  const isSame = change !== null && Math.abs(change) < 0.0005
  const better = change === null ? before !== null : change > 0
  return (
    <span className="repair-score number" title={protocol}>
      <span>{text(before)} → <b>{text(after)}</b>{protocol.startsWith('psnr') ? ' dB' : ''}</span>
      {isSame || (before === null && after === null) ? <span className="muted">{say('rewrite.repair.same')}</span> : (
        <span className="verdict" data-tone={better ? 'good' : 'bad'}><span aria-hidden="true">{better ? '▲' : '▼'}</span><span className="unseen">{say(better ? 'rewrite.repair.better' : 'rewrite.repair.worse')} </span> {change === null ? '' : signed(change, 3)}</span>
      )}
    </span>
  )
}
