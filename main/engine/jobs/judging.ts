import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { detectionMeasures } from '../../compare/detection/measure.ts'
import { protocolMeasure, type Measure } from '../../compare/measure.ts'
import { outputProtocol, parseProtocol, protocolsFor } from '../../compare/protocol.ts'
import { moduleMeasure } from '../../compare/score-module.ts'
import { topkMeasures } from '../../compare/topk.ts'
import { Fault } from '../../core/fault.ts'
import type { ModuleSettings, SimilaritySettings } from '../../core/score.ts'
import type { EvaluationRecipe } from '../../recipe/recipe.ts'
import type { Expectation } from '../../samples/expectation.ts'
import type { OpenedSamples } from '../../samples/open-samples.ts'
import type { Sample } from '../../samples/sample.ts'
import { readBoxLabels, readClassLabels } from './score-labels.ts'

/** What is judged: the recipe's words for it, and the samples as they were opened. */
export interface Judged {
  readonly evaluation: EvaluationRecipe | undefined
  readonly expectation: Expectation
  readonly samples: OpenedSamples
  readonly first: Sample
}

const AGAINST_FLOAT = ['sqnr/output', 'cosine/output']

/**
 * The measures of a recipe's metric, the run's own first; none for `none`. Labels and score modules are read and checked here.
 * Throws `samples.labels` (file and line), `recipe.metric`, `recipe.score-module` and what `protocolsFor` throws.
 */
export async function measuresFor({ evaluation, expectation, samples, first }: Judged): Promise<readonly Measure[]> {
  const metric = evaluation?.metric
  const byId = (ids: readonly string[]): Measure[] => [...new Set(ids)].map((id) => protocolMeasure(parseProtocol(id)))
  const usual = (word?: string) => byId(protocolsFor(expectation, first.reference !== undefined, { metric: word, shave: evaluation?.shave }))
  if (metric === undefined || typeof metric === 'string') {
    refuseLabels(evaluation)
    return usual(metric)
  }
  switch (metric.kind) {
    case 'topk': {
      const labels = evaluation?.labels && (await readClassLabels(evaluation.labels, samples, metric.offset))
      return [...topkMeasures(metric, { output: expectation.output.name, ...(labels ? { labels } : {}) }), ...byId(AGAINST_FLOAT)]
    }
    case 'detection': {
      const truth = evaluation?.labels && (await readBoxLabels(evaluation.labels, samples, evaluation.path))
      return [...detectionMeasures(metric, { size: expectation.input?.size.value ?? null, ...(truth ? { truth } : {}) }), ...byId(AGAINST_FLOAT)]
    }
    case 'feature-similarity':
      refuseLabels(evaluation)
      return byId(similarityIds(metric))
    case 'module':
      return [await readModule(metric), ...usual()]
    case 'none':
      return []
  }
}

/** The wished measure, the other one, then each named output for itself and all alike. */
function similarityIds({ measure, outputs }: SimilaritySettings): string[] {
  const other = measure === 'cosine' ? 'sqnr' : 'cosine'
  const names = Object.keys(outputs ?? {})
  const each = names.length > 1 ? names.map((name) => outputProtocol(measure, { [name]: 1 }).id) : []
  return [outputProtocol(measure, outputs).id, outputProtocol(other, outputs).id, ...each, ...AGAINST_FLOAT]
}

async function readModule(settings: ModuleSettings): Promise<Measure> {
  const { score: where } = settings
  const next = 'Give the path of an ES module (.mjs).'
  if (!['.mjs', '.js'].includes(extname(where).toLowerCase())) throw new Fault({ code: 'recipe.score-module', where, what: 'a score is a file that ends with .mjs or .js', next })
  try {
    return await moduleMeasure(settings, await readFile(where, 'utf8'))
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault({ code: 'recipe.score-module', where, what: `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`, next }, { cause: error })
  }
}

/** Labels that nothing looks at would be taken for used. */
function refuseLabels(evaluation: EvaluationRecipe | undefined): void {
  if (evaluation?.labels === undefined) return
  throw new Fault({ code: 'recipe.metric', where: 'samples.evaluation.labels', what: 'labels are given, and the metric looks at none', next: 'Set `metric: topk` or `metric: { kind: detection, … }`, or take the labels out.' })
}
