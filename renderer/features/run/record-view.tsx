import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { artifactPath, call, type Run } from '../../client.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes, fileName, grouped } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'

/** Where the numbers come from: model, samples, machine, files and the whole recipe. */
export function RecordView({ run }: { readonly run: Run }) {
  return (
    <div className="record">
      <div className="record-side"><Files run={run} /><Facts run={run} /></div>
      {run.recipe === undefined ? null : <Recipe run={run} />}
    </div>
  )
}

function Facts({ run }: { readonly run: Run }) {
  const say = useSay()
  const { model, samples, calibration, environment } = run
  const counted = (facts: { readonly count: number; readonly skipped: number } | undefined): string | undefined =>
    facts && (facts.skipped > 0 ? say('record.samples-skipped', facts) : say('record.samples', { count: facts.count }))
  const rows: readonly (readonly [string, string | undefined])[] = [
    [say('run'), run.run],
    [say('model'), model?.path],
    ['SHA-256', model?.sha256],
    [say('size'), model && bytes(model.bytes)],
    [say('record.parameters'), model && grouped(model.parameters)],
    [say('record.macs'), model && model.macsPerSample > 0 ? grouped(model.macsPerSample) : undefined],
    [say('record.calibration'), counted(samples?.calibration)],
    [say('record.evaluation'), counted(samples?.evaluation)],
    [say('record.memory'), calibration && bytes(calibration.peakRssBytes)],
    [say('record.statistics-from'), calibration?.statisticsFrom],
    [say('measure'), run.quality?.protocol],
    ['Scalewright', environment.scalewright],
    ['ONNX Runtime', environment.onnxruntime],
    ['Node', environment.node],
    ['CPU', environment.cpu],
    [say('facts.threads'), String(environment.threads)],
  ]
  return (
    <Panel title={say('record.facts')}>
      <dl className="facts facts-long">{rows.map(([name, value]) => value === undefined ? null : <div key={name}><dt>{name}</dt><dd className="mono">{value}</dd></div>)}</dl>
    </Panel>
  )
}

function Files({ run }: { readonly run: Run }) {
  const say = useSay()
  if (run.artifacts === undefined || run.artifacts.length === 0) return null
  return (
    <Panel title={say('files')}>
      <table className="plain">
        <thead><tr><th scope="col">{say('file')}</th><th scope="col" data-align="right">{say('size')}</th><th scope="col">SHA-256</th><th scope="col"><span className="unseen">{say('download')}</span></th></tr></thead>
        <tbody>
          {run.artifacts.map(({ role, bytes: size, sha256, path }) => (
            <tr key={role + sha256}>
              <th scope="row">{wordIn(say, 'role', role)}</th><td data-align="right">{bytes(size)}</td><td className="mono muted" title={sha256}>{sha256.slice(0, 12)}</td>
              <td data-align="right"><a className="button" href={artifactPath(run.run, role)} download={`${role}.${fileName(path).split('.').at(-1)}`}><IconDownload size={15} aria-hidden /> {say('download')}</a></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function Recipe({ run }: { readonly run: Run }) {
  const say = useSay()
  const { data, error } = useQuery({
    queryKey: ['recipe.text', run.run],
    queryFn: ({ signal }) => call('recipe.text', { recipe: run.recipe as Record<string, unknown> }, signal),
    staleTime: Infinity,
  })
  return (
    <Panel title={say('recipe')} grows aside={data === undefined ? null : <CopyButton text={data.text} label={say('copy')} />}>
      {error === null ? null : <FaultNotice fault={error} />}
      <pre className="code recipe" tabIndex={0}>{data?.text}</pre>
    </Panel>
  )
}
