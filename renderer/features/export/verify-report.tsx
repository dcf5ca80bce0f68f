import { Link } from 'react-router'
import type { VerifiedBundle } from '../../../preload/contract/index.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { EngineText } from '../../ui/engine-text.tsx'
import { cosine, shortRun, significant } from '../../ui/format.ts'
import { Verdict, VersionMark } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'
import { ruleText } from '../../ui/run-gates.tsx'
import { DumpTable } from './dump-table.tsx'

type Dump = NonNullable<VerifiedBundle['dump']>

const PROBLEMS: Readonly<Record<VerifiedBundle['problems'][number]['kind'], TextKey>> = {
  missing: 'verify.problem.missing', changed: 'verify.problem.changed', link: 'verify.problem.link', format: 'verify.problem.format', unlisted: 'verify.problem.unlisted',
}

const LOOKS: Readonly<Record<Dump['diagnoses'][number]['suspicion'], TextKey>> = {
  'layout': 'verify.looks.layout', 'channels': 'verify.looks.channels', 'layout-and-channels': 'verify.looks.layout-and-channels', 'codes': 'verify.looks.codes', 'scale-of-1': 'verify.looks.scale-of-1',
  'shape': 'verify.looks.shape', 'not-finite': 'verify.looks.not-finite', 'input-channels': 'verify.looks.input-channels', 'input-layout': 'verify.looks.input-layout',
}

/** What was found in a bundle, and in what a board gave for it. */
export function VerifyReport({ verified, run }: { readonly verified: VerifiedBundle; readonly run: string }) {
  const say = useSay()
  const { passed, board, of, bundle, dump } = verified
  return (
    <>
      <section className="panel verify-head" aria-label={say('verify.verdict')} role="status">
        <p className="export-word" data-tone={passed ? 'good' : 'bad'}>{passed ? '✓' : '✕'} {say(passed ? 'verify.passed' : 'verify.failed')}</p>
        <p>{say('verify.of', { board, run: shortRun(of) })}</p>
        <p className="mono muted">{bundle}</p>
        <span className="bar-space" />
        <Link to={`/run/${run}`} title={run}>{say('export.written.run', { run: shortRun(run) })}</Link>
      </section>
      {dump === undefined ? null : <DumpParts dump={dump} />}
      <div className="verify-pair" data-kind="bundle"><Files verified={verified} /><Golden verified={verified} /></div>
    </>
  )
}

function Files({ verified: { problems } }: { readonly verified: VerifiedBundle }) {
  const say = useSay()
  return (
    <Panel title={say('verify.files')}>
      {problems.length === 0 ? <p className="panel-text"><span className="verdict" data-tone="good">✓</span> {say('verify.files.fine')}</p> : (
        <ul className="check-list">
          {problems.map(({ path, kind, what }) => (
            <li key={`${kind} ${path}`} className="readiness-line">
              <p><span className="verdict" data-tone={kind === 'unlisted' ? 'muted' : 'bad'}>{kind === 'unlisted' ? 'i' : '✕'} {say(PROBLEMS[kind])}</span> <span className="mono">{path}</span></p>
              <p className="check-more"><EngineText text={what} /></p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Golden({ verified: { golden } }: { readonly verified: VerifiedBundle }) {
  const say = useSay()
  return (
    <Panel title={say('verify.golden.outputs')}>
      {golden.length === 0 ? <p className="panel-text">{say('verify.golden.none')}</p> : (
        <table className="plain">
          <thead><tr><th scope="col">{say('verify.golden.input')}</th><th scope="col">{say('verify.golden.model')}</th><th scope="col">{say('verify.golden.output')}</th><th scope="col" data-align="right">{say('cosine')}</th><th scope="col" data-align="right">{say('layers.max-abs')}</th><th scope="col">{say('verify.verdict')}</th></tr></thead>
          <tbody>
            {golden.map((check) => (
              <tr key={`${check.input} ${check.model} ${check.output}`}>
                <th scope="row">{check.input}</th><td><VersionMark version={check.model} /></td><td className="mono">{check.output}</td>
                <td data-align="right">{cosine(check.cosine)}</td><td data-align="right">{significant(check.maxAbs, 3)}</td>
                <td><Verdict passed={check.passed}>{say(check.passed ? (check.exact ? 'verify.golden.exact' : 'gate.passed') : 'gate.failed')}</Verdict></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

/** A board's dump: what it looks like, what is worse than last time, its gates, and every layer. */
function DumpParts({ dump }: { readonly dump: Dump }) {
  const say = useSay()
  const { diagnoses, gates, against, worse, unmatched, layers } = dump
  return (
    <>
      <div className="verify-pair">
        <Panel title={say('verify.diagnoses')}>
          {diagnoses.length === 0 ? <p className="panel-text">{say('verify.diagnoses.none')}</p> : (
            <ul className="check-list">
              {diagnoses.map(({ tensor, suspicion, before, after }) => (
                <li key={`${tensor} ${suspicion}`} className="readiness-line">
                  <p><span className="verdict" data-tone="bad" aria-hidden="true">✕</span> {say(LOOKS[suspicion], { tensor: tensor === '' ? say('verify.all-tensors') : tensor })}</p>
                  <p className="check-more number">{say('verify.put-right', { before: cosine(before), after: cosine(after) })}</p>
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <Panel title={say('verify.worse')} aside={against === null ? null : <Link to={`/run/${against}`}>{say('verify.worse.to', { run: shortRun(against) })}</Link>}>
          {worse.length === 0 ? <p className="panel-text">{say(against === null ? 'verify.worse.first' : 'verify.worse.none')}</p> : (
            <ul className="check-list">{worse.slice(0, 20).map(({ tensor, beforeDb, afterDb }) => <li key={tensor} className="readiness-line"><p><span className="verdict" data-tone="bad">▼</span> <span className="mono">{tensor}</span> <span className="number">{significant(beforeDb, 3)} → {significant(afterDb, 3)} dB</span></p></li>)}</ul>
          )}
        </Panel>
        <Panel title={say('verify.gates')}>
          <ul className="check-list">{gates.map(({ rule, measured, passed }) => <li key={rule} className="verify-gate"><Verdict passed={passed} /><span className="mono">{ruleText(rule)}</span><span className="number">{significant(measured, 5)}</span></li>)}</ul>
        </Panel>
        {unmatched.length === 0 ? null : (
          <Panel title={say('verify.unmatched')}>
            <ul className="check-list">{unmatched.map(({ array, nearest }) => <li key={array} className="readiness-line"><p><span className="verdict" data-tone="warning">!</span> <span className="mono">{array}</span></p>{nearest.length === 0 ? null : <p className="check-more">{say('verify.nearest', { names: nearest.join(', ') })}</p>}</li>)}</ul>
          </Panel>
        )}
      </div>
      {layers.length === 0 ? null : <DumpTable dump={dump} />}
    </>
  )
}
