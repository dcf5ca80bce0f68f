import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Fault } from '../core/fault.ts'
import { shortHash } from '../core/hash.ts'
import type { Quality } from '../core/run.ts'
import type { ModuleSettings } from '../core/score.ts'
import type { Tensor } from '../onnx/graph.ts'
import { float32, integers, isFloat } from '../onnx/tensor.ts'
import { meanOf, type Measure } from './measure.ts'
import type { VersionOutput } from './scores.ts'

/** A tensor as the module gets it. */
interface PlainTensor {
  readonly dims: readonly number[]
  readonly data: Float32Array | readonly number[]
}

/** What a module's `sample` is called with, for each version and sample (docs/scores.md). */
interface ModuleCall {
  readonly id: string
  /** Path of the picture; null for arrays. */
  readonly file: string | null
  readonly inputs: Readonly<Record<string, PlainTensor>>
  readonly outputs: Readonly<Record<string, PlainTensor>>
  /** What the float model gave. */
  readonly float: Readonly<Record<string, PlainTensor>>
  readonly settings: Readonly<Record<string, unknown>>
}

const UNITS = ['%', 'dB', 'ratio'] as const
const NEXT = 'See docs/scores.md for what a score module exports.'

/**
 * A person's own score as a measure. `content`: of the file, for the id. The module runs in this process, so only engine children call this.
 * Throws `recipe.score-module` naming the file for whatever is wrong with it.
 */
export async function moduleMeasure({ score: path, settings }: ModuleSettings, content: string): Promise<Measure> {
  const fault = (what: string, where = path, cause?: unknown): Fault => new Fault({ code: 'recipe.score-module', where, what, next: NEXT }, { cause })
  const message = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  let module: Record<string, unknown>
  try {
    module = (await import(`${pathToFileURL(path).href}?${shortHash(content)}`)) as Record<string, unknown>
  } catch (error) {
    throw fault(`the module cannot be loaded: ${message(error)}`, path, error)
  }
  const { unit, sample: judge, total: sum } = module
  if (!UNITS.includes(unit as Quality['unit'])) throw fault(`it exports the unit ${JSON.stringify(unit) ?? 'undefined'}, not one of ${UNITS.join(', ')}`)
  if (typeof judge !== 'function') throw fault('it exports no function `sample`')
  if (sum !== undefined && typeof sum !== 'function') throw fault('its `total` is no function')
  const number = (value: unknown, name: string, where: string): number | null => {
    if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value
    throw fault(`\`${name}\` gives ${typeof value === 'number' ? value : typeof value}, not a finite number or null`, where)
  }
  const name = basename(path).replace(/\.[cm]?js$/, '')
  return {
    id: `score/${encodeURIComponent(name)}@${shortHash([content, settings])}/${unit as string}`, unit: unit as Quality['unit'],
    isRelative: false, needsPicture: false, keepsSamples: false,
    async evidence(output: VersionOutput, float: VersionOutput, sample) {
      const call: ModuleCall = { id: sample.id, file: sample.source?.path ?? null, inputs: plain(sample.feeds), outputs: plain(output.results), float: plain(float.results), settings }
      const where = `${path}, sample ${sample.id}`
      let value: unknown
      try {
        value = await (judge as (call: ModuleCall) => unknown)(call)
      } catch (error) {
        throw fault(`\`sample\` failed: ${message(error)}`, where, error)
      }
      return sum === undefined ? number(value, 'sample', where) : value
    },
    total(values) {
      if (sum === undefined) return meanOf(values as (number | null)[])
      let value: unknown
      try {
        value = (sum as (values: readonly unknown[], settings: unknown) => unknown)(values, settings)
      } catch (error) {
        throw fault(`\`total\` failed: ${message(error)}`, path, error)
      }
      return { mean: number(value, 'total', path), infinite: 0 }
    },
  }
}

const plain = (tensors: Readonly<Record<string, Tensor>>): Record<string, PlainTensor> =>
  Object.fromEntries(Object.entries(tensors).filter(([, { type }]) => type !== 'string').map(([name, tensor]) => [name, { dims: tensor.dims, data: isFloat(tensor.type) ? float32(tensor).slice() : integers(tensor) }]))
