import type { Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { significant } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { verdictText } from '../../ui/proof-verdict.ts'

/** What was proved of the changes to the graph. */
export function ProofsPanel({ run: { proofs = [] } }: { readonly run: Run }) {
  const say = useSay()
  if (proofs.length === 0) return null
  return (
    <Panel title={say('rewrite.proofs')}>
      <table className="plain">
        <thead><tr><th scope="col">{say('place.rewrite')}</th><th scope="col">{say('gate.verdict')}</th><th scope="col" data-align="right">{say('rewrite.proof.max-abs')}</th><th scope="col" data-align="right">{say('rewrite.proof.inputs')}</th></tr></thead>
        <tbody>
          {proofs.map(({ rewrite, nodes, verdict, maxAbs, inputs }) => {
            const { shape, text, tone } = verdictText(verdict)
            return (
              <tr key={`${rewrite} ${nodes.join(' ')}`} title={nodes.join(', ')}>
                <th scope="row" className="mono">{rewrite}</th><td><span className="verdict" data-tone={tone}><span aria-hidden="true">{shape}</span> {say(text)}</span></td>
                <td data-align="right">{significant(maxAbs)}</td><td data-align="right">{inputs}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Panel>
  )
}
