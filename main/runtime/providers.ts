import { attributesOf } from '../onnx/attribute.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph, ValueInfo } from '../onnx/graph.ts'
import { InferenceSession, listSupportedBackends } from './onnxruntime.ts'

/** Execution providers that are asked for, under the names that ONNX Runtime for Node takes. */
export const PROVIDERS = ['cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const
export type Provider = (typeof PROVIDERS)[number]

/** How people call them. */
export const PROVIDER_TITLES: Readonly<Record<Provider, string>> = { cpu: 'CPU', cuda: 'CUDA', dml: 'DirectML', coreml: 'CoreML', webgpu: 'WebGPU' }

export interface ProviderState {
  readonly name: Provider
  readonly title: string
  /** A session of it can be made on this machine. */
  readonly present: boolean
  /** Why it is absent. */
  readonly why?: string
}

/** Which providers this machine can use: those that the runtime's build names are tried on one operator. */
export async function executionProviders(): Promise<ProviderState[]> {
  const built = new Set(listSupportedBackends().map(({ name }) => name))
  const states: ProviderState[] = []
  for (const name of PROVIDERS) {
    const title = PROVIDER_TITLES[name]
    const why = built.has(name) ? await whyNot(name) : 'not in ONNX Runtime\'s build for this system'
    states.push(why === null ? { name, title, present: true } : { name, title, present: false, why })
  }
  return states
}

async function whyNot(provider: Provider): Promise<string | null> {
  try {
    const session = await InferenceSession.create(encodeModel(trial()), { executionProviders: [provider], logSeverityLevel: 4 })
    await session.release()
    return null
  } catch (error) {
    // Before the reason stand a source file and the function that was called.
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n')
    return line!.replace(/^.*\bwas false\. /, '').replace(/^OrtSessionOptions\w+: /, '').slice(0, 160)
  }
}

function trial(): Graph {
  const ends = ['x', 'y'].map((name): ValueInfo => ({ name, type: 'float32', dims: [1, 1, 8, 8] }))
  return {
    name: 'trial', nodes: [{ name: 'relu', op: 'Relu', domain: '', inputs: ['x'], outputs: ['y'], attributes: attributesOf({}) }], inputs: [ends[0]!], outputs: [ends[1]!],
    initializers: new Map(), values: new Map(ends.map((info) => [info.name, info])), opsets: new Map([['', 17]]), irVersion: 8,
  }
}
