import { call, type RecipeJson } from '../../client.ts'
import { NoModel } from '../../project/no-model.tsx'
import { fileName } from '../../ui/format.ts'

/** Lies beside the bundled model, and takes the same pictures. */
const TROUBLED = 'troubled_x2.onnx'

async function troubledRecipe(): Promise<RecipeJson> {
  const { recipe } = await call('recipe.bundled', {})
  const model = String(recipe['model'])
  return { ...recipe, model: model.slice(0, -fileName(model).length) + TROUBLED }
}

const NO_MODEL = { label: 'place.rewrite', title: 'rewrite.no-model', what: 'rewrite.no-model.what', choose: 'rewrite.no-model.choose', bundled: 'rewrite.no-model.bundled' } as const

/** Nothing can be rewritten before there is a model. */
export const NoModelToRewrite = () => <NoModel {...NO_MODEL} recipe={troubledRecipe} />
