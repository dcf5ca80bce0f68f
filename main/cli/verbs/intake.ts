import { resolve } from 'node:path'
import { Fault } from '../../core/fault.ts'
import type { CommonOptions, Job, Prepared } from '../job.ts'
import { importReport, weightsReport } from '../reports/intake-report.ts'
import { runOutcome } from './pipeline.ts'

export interface WeightsOptions extends CommonOptions {
  readonly from: string
  readonly map?: string
  readonly allowMissing?: boolean
  readonly out?: string
}

/** Weights of a checkpoint into a graph. */
export const weightsJob = (model: string, { from, map, allowMissing, out, ...place }: WeightsOptions): Job => async (context) => {
  const { cwd } = context
  const absolute = (path: string): string => resolve(cwd, path)
  return {
    ...placeOf(place, absolute),
    async execute(app, task) {
      const result = await app.weights({
        model: absolute(model), from: absolute(from), ...(map === undefined ? {} : { rules: absolute(map) }), ...(allowMissing === undefined ? {} : { allowMissing }), ...(out === undefined ? {} : { out: absolute(out) }),
      }, task)
      return runOutcome(result, context, weightsReport(result, context))
    },
  }
}

export interface ImportOptions extends CommonOptions {
  readonly size?: string
  readonly out?: string
}

/** A Caffe net into ONNX. */
export const importCaffeJob = (prototxt: string, caffemodel: string, { size, out, ...place }: ImportOptions): Job => async (context) => {
  const absolute = (path: string): string => resolve(context.cwd, path)
  const sides = size === undefined ? undefined : sidesOf(size)
  return {
    ...placeOf(place, absolute),
    async execute(app, task) {
      const result = await app.importCaffe({ prototxt: absolute(prototxt), caffemodel: absolute(caffemodel), ...(sides ? { size: sides } : {}), ...(out === undefined ? {} : { out: absolute(out) }) }, task)
      return runOutcome(result, context, importReport(result, context))
    },
  }
}

function sidesOf(size: string): readonly [number, number] {
  const found = /^(\d{1,5})x(\d{1,5})$/.exec(size)
  if (found === null || Number(found[1]) < 1 || Number(found[2]) < 1) throw new Fault({ code: 'input.bad-option', where: '--size', what: `«${size}» is no size`, next: 'Give height and width, such as 300x300.' })
  return [Number(found[1]), Number(found[2])]
}

const placeOf = ({ workspace, threads }: CommonOptions, absolute: (path: string) => string): Pick<Prepared, 'workspace' | 'threads'> =>
  ({ ...(workspace === undefined ? {} : { workspace: absolute(workspace) }), ...(threads === undefined ? {} : { threads }) })
