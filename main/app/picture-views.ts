import type { Handlers } from '../../preload/contract/calls.ts'
import { Fault } from '../core/fault.ts'
import type { Run } from '../core/run.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { guardImported } from './imported-runs.ts'

type Names = 'pictures.list' | 'pictures.show' | 'pictures.thumbnail' | 'pictures.vectors'

const NO_SCORES = { float: null, simulated: null, fused: null }

/** The calls that look at what a run's models make of its samples. */
export function pictureViews(app: App, { guard }: { readonly guard: PathGuard }): Pick<Handlers, Names> {
  const viewed = async (id: string) => {
    const run = await app.runs.show(id)
    const model = run.artifacts?.find((artifact) => artifact.role === 'quantized-model')
    if (!model || !run.recipe) {
      throw new Fault({ code: 'input.nothing-to-compare', what: `a run of ${run.verb} (${run.status}) holds no quantized model`, where: run.run, next: 'Take a run of `run`, `quantize` or `compare` that was done.' })
    }
    await guardImported(app, guard, run)
    const recipe = run.recipe as Recipe
    return { run, place: { recipe, threads: recipe.threads ?? app.threads, quantized: model.path, known: { model: run.model?.sha256, quantized: model.sha256 } } }
  }
  return {
    'pictures.list': async ({ run: id }) => {
      const { run, place } = await viewed(id)
      const { kind, part, samples } = await app.view('picture-list', place)
      const { protocol, unit } = run.quality ?? { protocol: '', unit: 'dB' as const }
      return { kind, part, protocol, unit, samples: samples.map((sample, index) => ({ index, sample, scores: scoresOf(run, sample) })) }
    },
    'pictures.show': async ({ run: id, sample }) => {
      const { run, place } = await viewed(id)
      const shown = await app.view('pictures', { ...place, sample })
      const protocol = run.quality?.protocol ?? ''
      return { ...shown, protocol, shave: Number(/\/shave(\d+)/.exec(protocol)?.[1] ?? 0), scores: scoresOf(run, shown.sample) }
    },
    'pictures.thumbnail': async ({ run: id, ...what }) => app.view('thumbnail', { ...(await viewed(id)).place, ...what }),
    'pictures.vectors': async ({ run: id, sample }) => {
      const { sample: name, outputs } = await app.view('vectors', { ...(await viewed(id)).place, sample })
      return { sample: name, outputs: outputs.map((output) => ({ ...output, dims: [...output.dims] })) }
    },
  }
}

function scoresOf({ quality }: Run, sample: string) {
  const found = quality?.perSample.find((each) => each.sample === sample)
  return found ? { float: found.float, simulated: found.simulated, fused: found.fused } : NO_SCORES
}
