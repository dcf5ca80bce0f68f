import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addErrors, cosine, noErrors } from '../../compare/errors.ts'
import { parseCsv } from '../../core/csv.ts'
import { Fault } from '../../core/fault.ts'
import { sha256 } from '../../core/hash.ts'
import { breathe, type Task } from '../../core/task.ts'
import { withTemporaryFolder } from '../../core/temporary-folder.ts'
import { plainCell } from '../../export/coverage.ts'
import { checkFolder, type BundleProblem } from '../../export/bundle-folder.ts'
import type { Feeds } from '../../export/golden.ts'
import type { Manifest } from '../../export/manifest.ts'
import { numbered } from '../../export/subject.ts'
import { kindOfBundle, unpack } from '../../export/unpack.ts'
import { float32, isFloat } from '../../onnx/tensor.ts'
import { openSession } from '../../runtime/session.ts'
import { decodeNpz } from '../../samples/npz.ts'
import { compareDump, type DumpReport } from './verify-dump.ts'

export interface VerifyInput {
  /** Absolute path of a bundle's folder or zip. */
  readonly bundle: string
  /** Absolute path of an .npz that a board gave. */
  readonly outputs?: string
  /** Which golden input the board was fed. */
  readonly golden: number
  readonly threads: number
}

/** One output of one golden input, computed anew from the bundle's own model. */
export interface GoldenCheck {
  readonly input: string
  readonly model: 'float' | 'simulated'
  readonly output: string
  readonly exact: boolean
  readonly cosine: number
  readonly maxAbs: number
  readonly passed: boolean
}

export interface VerifyOutput {
  readonly manifest: Manifest
  readonly problems: readonly BundleProblem[]
  readonly golden: readonly GoldenCheck[]
  readonly dump?: DumpReport
  /** Of the dump's file. */
  readonly outputsSha256?: string
}

/** Another processor adds in another order; a simulation may then round some values to the next code. */
const LEAST = { float: 0.99999, simulated: 0.9995 } as const

/** Hashes, formats and golden vectors of a bundle, and a board's dump against its simulation. Only what its own manifest vouches for is run. */
export async function verifyJob(input: VerifyInput, task: Task): Promise<VerifyOutput> {
  if (kindOfBundle(input.bundle) === 'folder') return verifyFolder(input.bundle, input, task)
  return withTemporaryFolder(async (folder) => {
    const unpacked = join(folder, 'bundle')
    await unpack(input.bundle, unpacked, task)
    return verifyFolder(unpacked, input, task)
  })
}

async function verifyFolder(folder: string, { bundle, outputs, golden: index, threads }: VerifyInput, task: Task): Promise<VerifyOutput> {
  const { manifest, problems } = await checkFolder(folder, bundle, task)
  // A model that was changed is not run.
  if (problems.some(({ kind }) => kind !== 'unlisted')) return { manifest, problems, golden: [] }
  const golden = await goldenChecks(folder, manifest, task)
  if (outputs === undefined) return { manifest, problems, golden }
  if (!(index < manifest.golden.length)) throw new Fault({ code: 'input.bad-option', where: '--golden', what: `the bundle has ${manifest.golden.length} golden inputs, from 0`, next: `They are ${manifest.golden.join(', ')}.` })
  const bytes = await readFile(outputs).catch((error: unknown) => {
    throw new Fault({ code: 'input.missing-file', where: outputs, what: 'the dump cannot be read', next: 'Check the path.' }, { cause: error })
  })
  const dump = await compareDump({
    arrays: decodeNpz(bytes, outputs), feeds: feedsOf(await arrays(folder, 'in', index)), quantized: join(folder, 'model/model.qdq.onnx'), threads, where: outputs,
    vendorNames: new Map(parseCsv(await readFile(join(folder, 'names.csv'), 'utf8'), 'names.csv').slice(1).map(({ cells }) => [plainCell(cells[0]!), plainCell(cells[3]!)])),
    layout: layoutOf(await readFile(join(folder, 'preprocess.json'), 'utf8')),
  }, task)
  return { manifest, problems, golden, dump, outputsSha256: sha256(bytes) }
}

const arrays = async (folder: string, kind: string, index: number) => {
  const path = `golden/${kind}_${numbered(index)}.npz`
  return decodeNpz(await readFile(join(folder, path)), path)
}

const feedsOf = (tensors: Awaited<ReturnType<typeof arrays>>): Feeds => Object.fromEntries(tensors)

function layoutOf(text: string): 'nchw' | 'nhwc' | null {
  const { inputs } = JSON.parse(text) as { inputs: { layout?: 'nchw' | 'nhwc' }[] }
  return inputs[0]?.layout ?? null
}

async function goldenChecks(folder: string, manifest: Manifest, task: Task): Promise<GoldenCheck[]> {
  const checks: GoldenCheck[] = []
  for (const [model, file, kept] of [['float', 'model/model.onnx', 'float_out'], ['simulated', 'model/model.qdq.onnx', 'sim_out']] as const) {
    const session = await openSession(new Uint8Array(await readFile(join(folder, file))), { mode: model, threads: 1, where: file })
    try {
      for (const [index, input] of manifest.golden.entries()) {
        const [feeds, wanted] = [feedsOf(await arrays(folder, 'in', index)), await arrays(folder, kept, index)]
        const found = await session.run(feeds)
        for (const [output, value] of wanted) {
          const [a, b] = [value, found[output]].map((one) => (one === undefined ? new Float32Array() : isFloat(one.type) ? float32(one) : Float32Array.from(one.data as ArrayLike<number | bigint>, Number))) as [Float32Array, Float32Array]
          const sums = noErrors()
          if (a.length === b.length) addErrors(sums, a, b)
          const alike = a.length === b.length ? cosine(sums) : 0
          const exact = a.length === b.length && sums.maxAbs === 0
          // Equal values are alike whatever the sums lost in rounding.
          checks.push({ input, model, output, exact, cosine: exact && alike > 0 ? 1 : alike, maxAbs: sums.maxAbs, passed: alike >= LEAST[model] })
        }
        task.report({ stage: 'golden', done: index + 1, total: manifest.golden.length, unit: 'inputs', part: model })
        await breathe(task)
      }
    } finally {
      await session.close()
    }
  }
  return checks
}
