import type { Quality, Run, Versions } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { bytes, digitsOf, drop, fixed, protocolName, signed, unitOf } from '../../ui/format.ts'
import { VersionMark } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'

const VERSIONS = ['float', 'simulated', 'fused'] as const

const lost = (values: Versions, version: keyof Versions): number | null => {
  const difference = version === 'float' ? null : drop(values.float, values[version])
  return difference === null ? null : -difference
}

/** Quality of the three versions by every protocol that was measured. */
export function QualityPanel({ run }: { readonly run: Run }) {
  const say = useSay()
  const { quality } = run
  if (quality === undefined) return null
  const all = Object.entries(quality.others)
  // More than fit beside each other stand below each other.
  const others = all.length > MOST_BESIDE ? [] : all
  const count = run.samples?.evaluation?.count ?? quality.perSample.length
  return (
    <Panel title={say('quality')} aside={<span className="panel-note">{say('quality.samples', { count })}</span>}>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">{say('version')}</th>
            <th scope="col" data-align="right" title={quality.protocol}>{protocolName(quality.protocol)} {quality.unit}</th>
            <th scope="col" data-align="right">{say('drop')}</th>
            {others.map(([protocol]) => <th key={protocol} scope="col" data-align="right" title={protocol}>{protocolName(protocol)}</th>)}
          </tr>
        </thead>
        <tbody>
          {VERSIONS.map((version) => (
            <tr key={version}>
              <th scope="row"><VersionMark version={version} /></th>
              <td data-align="right">{fixed(quality[version], digitsOf(quality.unit))}</td>
              <td data-align="right">{version === 'float' ? '' : signed(lost(quality, version), digitsOf(quality.unit))}</td>
              {others.map(([protocol, values]) => <td key={protocol} data-align="right">{fixed(values[version], digitsOf(unitOf(protocol)))}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {others.length === all.length ? null : <Others others={all} />}
      <p className="panel-foot mono">{quality.protocol}</p>
      <PerSample quality={quality} />
    </Panel>
  )
}

const MOST_BESIDE = 3

/** Every further protocol, a row each. */
function Others({ others }: { readonly others: readonly (readonly [string, Versions])[] }) {
  const say = useSay()
  return (
    <table className="plain others">
      <thead><tr><th scope="col">{say('measure')}</th>{VERSIONS.map((version) => <th key={version} scope="col" data-align="right">{say(`version.${version}`)}</th>)}</tr></thead>
      <tbody>
        {others.map(([protocol, values]) => (
          <tr key={protocol} title={protocol}>
            <th scope="row">{protocolName(protocol)} <span className="muted">{unitOf(protocol) === 'ratio' ? '' : unitOf(protocol)}</span></th>
            {VERSIONS.map((version) => <td key={version} data-align="right">{fixed(values[version], digitsOf(unitOf(protocol)))}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function PerSample({ quality }: { readonly quality: Quality }) {
  const say = useSay()
  const [beside] = Object.entries(quality.besides ?? {})
  const agreement = new Map(beside?.[1].map(({ sample, simulated }) => [sample, simulated]))
  const order = (row: Quality['perSample'][number]): number => lost(row, 'simulated') ?? row.simulated ?? 0
  const rows = quality.perSample.toSorted((a, b) => order(a) - order(b) || (agreement.get(a.sample) ?? 0) - (agreement.get(b.sample) ?? 0))
  if (rows.length === 0) return null
  return (
    <details className="more">
      <summary>{say('quality.per-sample')}</summary>
      <table className="plain">
        <thead><tr><th scope="col">{say('sample')}</th>{VERSIONS.map((version) => <th key={version} scope="col" data-align="right">{say(`version.${version}`)}</th>)}<th scope="col" data-align="right">{say('drop')}</th>{beside === undefined ? null : <th scope="col" data-align="right" title={beside[0]}>{protocolName(beside[0])}</th>}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.sample}>
              <th scope="row" className="mono">{row.sample}</th>
              {VERSIONS.map((version) => <td key={version} data-align="right">{fixed(row[version], digitsOf(quality.unit))}</td>)}
              <td data-align="right">{signed(lost(row, 'simulated'), digitsOf(quality.unit))}</td>
              {beside === undefined ? null : <td data-align="right">{fixed(agreement.get(row.sample), digitsOf(unitOf(beside[0])))}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

/** What the models cost: time and bytes. */
export function CostPanel({ run }: { readonly run: Run }) {
  const say = useSay()
  const { latency, size } = run
  if (latency === undefined && size === undefined) return null
  const rows = [
    { version: 'float' as const, timing: latency?.floatMs, size: size?.floatBytes },
    { version: 'fused' as const, timing: latency?.fusedMs, size: size?.quantizedBytes },
  ]
  return (
    <Panel title={say('cost')} aside={latency === undefined ? null : <span className="panel-note">{say('cost.runs', { count: latency.floatMs.runs })}</span>}>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">{say('version')}</th>
            {latency === undefined ? null : <><th scope="col" data-align="right">{say('cost.median')} ms</th><th scope="col" data-align="right">{say('cost.min')} ms</th><th scope="col" data-align="right">± ms</th></>}
            {size === undefined ? null : <th scope="col" data-align="right">{say('size')}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ version, timing, size: each }) => (
            <tr key={version}>
              <th scope="row"><VersionMark version={version} /></th>
              {latency === undefined ? null : <><td data-align="right">{fixed(timing?.median, 2)}</td><td data-align="right">{fixed(timing?.min, 2)}</td><td data-align="right">{fixed(timing?.spread, 2)}</td></>}
              {size === undefined ? null : <td data-align="right">{bytes(each)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {latency === undefined ? null : <p className="panel-foot mono">{latency.protocol}</p>}
    </Panel>
  )
}
