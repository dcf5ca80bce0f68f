import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { CheckedRequestOf, Handlers } from '../../preload/contract/calls.ts'
import { shellWord } from '../core/shell-word.ts'
import type { App } from './api.ts'
import type { Order } from './jobs.ts'
import { modelPath, type ModelPlace } from './model-calls.ts'
import { stem } from './pipeline.ts'

/** The call that looks at weights before they are taken in. */
export const intakeCalls = (app: App, place: ModelPlace): Pick<Handlers, 'models.weights'> => ({
  'models.weights': async ({ model, from, rules }) => structuredClone(await app.view('weights-match', { ...(await weightSources({ model, from }, app, place)), rulesText: rules })) as Awaited<ReturnType<Handlers['models.weights']>>,
})

type Spec = Extract<CheckedRequestOf<'jobs.start'>, { kind: 'import' | 'weights' }>

/** A Caffe net, or weights for a graph, as something the queue can do. */
export async function intakeOrder(spec: Spec, app: App, place: ModelPlace, command: (words: string) => string): Promise<Order> {
  if (spec.kind === 'weights') {
    const { rules, allowMissing } = spec
    const { model, from } = await weightSources(spec, app, place)
    const isPlain = rules.trim() === ''
    const words = `weights ${shellWord(model)} --from ${shellWord(from)}${isPlain ? '' : ' --map rules.yaml'}${allowMissing ? ' --allow-missing' : ''}`
    return { kind: 'weights', command: command(words), work: (task) => app.weights({ model, from, allowMissing, out: modelOut(app, `${stem(model)}-${stem(from)}`), ...(isPlain ? {} : { rulesText: rules }) }, task) }
  }
  const [prototxt, caffemodel] = [resolve(place.folder, spec.prototxt), resolve(place.folder, spec.caffemodel)]
  place.guard([prototxt, caffemodel])
  const { size } = spec
  const words = `import ${shellWord(prototxt)} ${shellWord(caffemodel)}${size === undefined ? '' : ` --size ${size.join('x')}`}`
  return { kind: 'import', command: command(words), work: (task) => app.importCaffe({ prototxt, caffemodel, out: modelOut(app, stem(prototxt)), ...(size === undefined ? {} : { size }) }, task) }
}

/** A new file in the workspace's own folder of models: what is made here is called as what it was made of. */
function modelOut(app: App, name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}.()_-]+/gu, '_').slice(0, 100)
  const path = (count: number): string => join(app.workspace, 'models', `${plain}${count === 1 ? '' : `-${count}`}.onnx`)
  let count = 1
  while (existsSync(path(count))) count += 1
  return path(count)
}

async function weightSources({ model, from }: Pick<CheckedRequestOf<'models.weights'>, 'model' | 'from'>, app: App, place: ModelPlace): Promise<{ readonly model: string; readonly from: string }> {
  const path = resolve(place.folder, from)
  place.guard([path])
  return { model: await modelPath(model, app, place), from: path }
}
