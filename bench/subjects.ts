import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { RecipeOptions } from '../main/recipe/changes.ts'
import { recipeFromOptions } from '../main/recipe/read-recipe.ts'
import type { Recipe } from '../main/recipe/recipe.ts'

/** What is measured on: the public test data where it lies beside the project, the bundled sample otherwise. */

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
export const data = (path: string): string => at(`../shared/data/${path}`)

export const hasData = existsSync(data('models'))

export const threads = cpus().length

export interface Subject {
  readonly name: string
  readonly model: string
  /** Pictures, and settings that make samples of them. */
  readonly calibration: { readonly path: string; readonly set: readonly string[] }
  /** The first set is the one that goals speak of; the second holds pictures that no choice was made on. */
  readonly evaluation: readonly { readonly name: string; readonly path: string }[]
}

const CROPS = ['samples.calibration.count=32', 'samples.calibration.preprocess.crop.mode=random', 'samples.calibration.preprocess.crop.size=[96, 96]']

const real = (name: string, factor: number): Subject => ({
  name, model: data(`models/${name}.onnx`), calibration: { path: data('images/DIV2K_test_LR_x4'), set: CROPS },
  evaluation: ['Set5', 'BSD100'].map((set) => ({ name: set, path: data(`images/${set}/image_SRF_${factor}`) })),
})

/** A model of the bundled sample with the sample's pictures. */
export const sampleSubject = (name: string): Subject => ({
  name, model: at(`resources/sample/models/${name}.onnx`), calibration: { path: at('resources/sample/calibration'), set: [] },
  evaluation: [{ name: 'sample', path: at('resources/sample/evaluation') }],
})

const BUNDLED = sampleSubject('sample_x2')

export const ABPN = 'abpn_x3'
export const EDSR = 'edsr8_x2'

export const subjects = (): readonly Subject[] => (hasData ? [real(ABPN, 3), real(EDSR, 2)] : [BUNDLED])

/** The model whose speed and size are looked at. */
export const timedSubject = (): Subject => (hasData ? real(EDSR, 2) : BUNDLED)

/** The recipe of a subject on one of its evaluation sets; `set` as on the command line. */
export const recipeOf = ({ model, calibration, evaluation }: Subject, options: RecipeOptions = {}, set = 0): Recipe =>
  recipeFromOptions(model, { samples: calibration.path, evaluation: evaluation[set]!.path, threads, ...options, set: [...calibration.set, ...(options.set ?? [])] })
