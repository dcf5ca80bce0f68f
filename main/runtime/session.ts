import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Tensor, ValueInfo } from '../onnx/graph.ts'
import { InferenceSession } from './onnxruntime.ts'
import type { Provider } from './providers.ts'
import { creationFault, runFault } from './runtime-fault.ts'
import { fromRuntime, toRuntime, valueInfoOf } from './runtime-tensor.ts'

/**
 * How ONNX Runtime treats the graph.
 * `float`: every optimization; what a float model costs and gives.
 * `reference`: none; every node runs as it is written.
 * `simulated`: QuantizeLinear/DequantizeLinear stay what they are and the operators between compute in float, so the numbers are
 * those of the model as written; the remaining optimizations only make it faster.
 * `fused`: QDQ groups become integer kernels; what this CPU really executes.
 */
export type SessionMode = 'float' | 'reference' | 'simulated' | 'fused'

export interface SessionOptions {
  readonly mode: SessionMode
  /** Threads inside an operator, at least 1. */
  readonly threads: number
  /**
   * Exact u8×s8 products on x64 CPUs without VNNI, at the price of speed (`session.x64quantprecision`).
   * Without it their 16-bit sums may saturate in `fused` mode.
   */
  readonly exactProducts?: boolean
  /** Default: the CPU. What a provider cannot compute the runtime computes on the CPU. */
  readonly provider?: Provider
  /** File or model name for faults; default: the path, or 'model'. */
  readonly where?: string
}

/** A loaded model. One call of `run` at a time: it blocks the thread until the model is through. */
export interface Session {
  /** As the runtime reports them; `dims` is null where the rank is not known (and for scalars, which it reports alike). */
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /**
   * Runs the model once. Returns the tensors named in `fetches` (default: all outputs) as views of the runtime's own buffers.
   * Throws `samples.*` for feeds that do not fit, `engine.run-failed` with the node named when the runtime gives up.
   */
  run(feeds: Readonly<Record<string, Tensor>>, fetches?: readonly string[]): Promise<Record<string, Tensor>>
  /** Frees the native memory. The session cannot run afterwards. */
  close(): Promise<void>
}

/** Model bytes, or a path where external data lies beside the file. */
export type ModelSource = Uint8Array | { readonly path: string }

/** 4: fatal only. Errors are thrown as faults; the runtime's own copy on stderr would say them twice. */
const LOG_SEVERITY = 4

/**
 * `simulated` stays at basic: with QDQ handling off, the fusions of the next level end in an invalid memory access when
 * many inner tensors are graph outputs (onnxruntime 1.30, FastestDet with all 164 dequantized tensors).
 */
const LEVELS = { float: 'all', reference: 'disabled', simulated: 'basic', fused: 'all' } as const

/** ONNX Runtime's options for a mode. Values of `extra` must be strings: others are dropped without a word. */
export function runtimeOptions(options: SessionOptions): InferenceSession.SessionOptions {
  const extra: Record<string, string> = {}
  if (options.mode === 'simulated') {
    extra.disable_quant_qdq = '1'
    // Otherwise of two Q/DQ pairs in a row one is dropped, and with it a rounding that the model writes down.
    extra.disable_double_qdq_remover = '1'
  }
  if (options.exactProducts) extra.x64quantprecision = '1'
  return {
    graphOptimizationLevel: LEVELS[options.mode],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionProviders: [options.provider ?? 'cpu'],
    logSeverityLevel: LOG_SEVERITY,
    extra: { session: extra },
  }
}

/** Loads a model. Throws `model.*` naming the node and operator that this runtime refuses. */
export async function openSession(model: ModelSource, options: SessionOptions): Promise<Session> {
  const where = options.where ?? (model instanceof Uint8Array ? 'model' : model.path)
  const native = await createNative(model, runtimeOptions(options), where)
  try {
    return wrap(native, where)
  } catch (error) {
    await native.release()
    throw error
  }
}

/** The runtime's own session, with its refusals turned into faults. For the files of this room. */
export async function createNative(model: ModelSource, options: InferenceSession.SessionOptions, where: string): Promise<InferenceSession> {
  if (!Number.isInteger(options.intraOpNumThreads) || options.intraOpNumThreads! < 1) {
    const what = `${options.intraOpNumThreads} threads are not possible`
    throw new Fault({ code: 'input.threads', what, next: 'Give a whole number from 1.' })
  }
  if (model instanceof Uint8Array && model.byteLength === 0) {
    throw new Fault({ code: 'model.empty-file', where, what: 'the model holds no bytes', next: 'Export the model again.' })
  }
  try {
    return model instanceof Uint8Array
      ? await InferenceSession.create(model, options)
      : await InferenceSession.create(model.path, options)
  } catch (error) {
    throw creationFault(error, where)
  }
}

function wrap(native: InferenceSession, where: string): Session {
  const inputs = native.inputMetadata.map((value) => valueInfoOf(value, where))
  const outputs = native.outputMetadata.map((value) => valueInfoOf(value, where))
  const outputByName = new Map(outputs.map((value) => [value.name, value]))
  return {
    inputs,
    outputs,
    async run(feeds, fetches) {
      const wanted = fetches ?? outputs.map((value) => value.name)
      for (const name of wanted) checkFetch(name, outputByName, where)
      const fed = toRuntime(feeds, inputs)
      try {
        const results = await native.run(fed, [...wanted])
        return Object.fromEntries(wanted.map((name) => [name, fromRuntime(results[name]!)]))
      } catch (error) {
        throw runFault(error, where)
      }
    },
    close: () => native.release(),
  }
}

function checkFetch(name: string, outputs: ReadonlyMap<string, ValueInfo>, where: string): void {
  const output = outputs.get(name)
  if (output === undefined) {
    throw new Fault({ code: 'model.unknown-output', where, what: `the model has no output '${name}'`, next: didYouMean(name, outputs.keys()) })
  }
  if (output.type === 'int4' || output.type === 'uint4') {
    throw new Fault({
      code: 'model.unsupported-type',
      where: `${where}, output '${name}'`,
      what: `ONNX Runtime for Node cannot return a tensor of type ${output.type}`,
      next: `Put a Cast to ${output.type.slice(0, -1)}8 before the output.`,
    })
  }
}
