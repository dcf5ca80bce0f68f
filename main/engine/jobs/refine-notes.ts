import type { LayerRefinement, RefineStep, StepReport } from '../../quantize/refine/report.ts'

const TITLES: Readonly<Record<RefineStep, string>> = { scale: 'Weight scales by search', rounding: 'Weights rounded by output error', bias: 'Bias correction' }

/** What a step did, in sentences: to the network first, then layer by layer. */
export function refineNotes(report: StepReport): string[] {
  const title = report.step === 'bias' ? `${TITLES.bias} (${report.how})` : report.how === 'adaround-asymmetric' ? 'Weights rounded towards float outputs' : TITLES[report.step]
  const changed = report.layers.filter(({ kept }) => kept === '')
  const kept = [...Map.groupBy(report.layers.filter(({ kept }) => kept !== ''), ({ kept }) => kept)]
  return [
    `${title}: ${verdict(report)}.`,
    ...(changed.length > 0 && report.accepted ? [`${title}, noise of each layer and channels changed: ${changed.map(layerText).join('; ')}.`] : []),
    ...(report.accepted ? kept.map(([why, layers]) => `${title}, as before: ${layers.map(({ node }) => node).join(', ')} (${why}).`) : []),
  ]
}

function verdict({ accepted, before, after, heldOut, layers }: StepReport): string {
  if (layers.every(({ kept }) => kept !== '')) return 'no layer was changed'
  if (before === null || after === null) return 'not measured, because the recipe names no calibration samples'
  const share = percentText(before === 0 ? 0 : Math.abs(after / before - 1))
  return accepted ? `${share} less noise at the outputs on held-out samples (${heldOut})` : `not taken, because the noise at the outputs would grow by ${share} on held-out samples (${heldOut})`
}

/** Without words, so that it reads in every language: `conv_1 −82 % (14/28)`. */
const layerText = ({ node, before, after, changed, channels }: LayerRefinement): string =>
  [node, ...(before === null || after === null ? [] : [`−${percentText(before === 0 ? 0 : 1 - after / before)}`]), `(${changed}/${channels})`].join(' ')

const percentText = (share: number): string => `${Number((100 * share).toPrecision(2))} %`
