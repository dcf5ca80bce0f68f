import { isAbsolute, relative, sep } from 'node:path'
import { Document, isScalar, visit } from 'yaml'
import type { EvaluationRecipe, Recipe } from './recipe.ts'
import { RECIPE_SCHEMA } from './schema.ts'

/**
 * A recipe as YAML, keys in the order of the schema, lists of numbers on one line: equal recipes give equal text.
 * With `folder`, paths at or below it are written relative to it.
 */
export function writeRecipe(recipe: Recipe, folder?: string): string {
  const ordered = RECIPE_SCHEMA.parse(folder === undefined ? recipe : withRelativePaths(recipe, folder))
  const document = new Document(JSON.parse(JSON.stringify(ordered)))
  visit(document, {
    Seq: (_key, node) => {
      node.flow = node.items.every(isScalar)
    },
    Map: (_key, node) => {
      if (node.items.length === 0) node.flow = true
    },
  })
  return document.toString({ lineWidth: 0 })
}

const shortPaths = ({ path, reference, labels, metric }: EvaluationRecipe, short: (path: string) => string): Pick<EvaluationRecipe, 'path' | 'reference' | 'labels' | 'metric'> => ({
  path: short(path),
  ...(typeof reference === 'string' ? { reference: short(reference) } : {}),
  ...(labels ? { labels: { ...labels, ...(labels.path === undefined ? {} : { path: short(labels.path) }), ...(labels.classes === undefined ? {} : { classes: short(labels.classes) }) } } : {}),
  ...(typeof metric === 'object' && metric.kind === 'module' ? { metric: { ...metric, score: short(metric.score) } } : {}),
})

function withRelativePaths(recipe: Recipe, folder: string): Recipe {
  const short = (path: string): string => {
    const inside = relative(folder, path)
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return path
    return inside === '' ? '.' : inside.split(sep).join('/')
  }
  const { calibration, evaluation } = recipe.samples
  return {
    ...recipe,
    model: short(recipe.model),
    ...(recipe.workspace === undefined ? {} : { workspace: short(recipe.workspace) }),
    samples: {
      ...(calibration && { calibration: { ...calibration, path: short(calibration.path) } }),
      ...(evaluation && { evaluation: { ...evaluation, ...shortPaths(evaluation, short) } }),
    },
    ...(recipe.tune?.samples && { tune: { ...recipe.tune, samples: { ...recipe.tune.samples, ...shortPaths(recipe.tune.samples, short) } } }),
  }
}
