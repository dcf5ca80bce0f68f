import type { Environment } from '../../core/run.ts'
import { environment, instructionSet, productsSaturate } from '../../runtime/environment.ts'

export interface EnvironmentOutput {
  readonly environment: Environment
  /** Telling instruction sets of this CPU; null where the system does not say. */
  readonly instructionSet: readonly string[] | null
  /** Whether u8×s8 sums can saturate in fused kernels here; null where the system does not say. */
  readonly productsSaturate: boolean | null
}

/** What runs are made with. A job because it loads the native runtime, which never happens beside the window. */
export const environmentJob = async ({ threads }: { readonly threads: number }): Promise<EnvironmentOutput> => ({
  environment: environment(threads), instructionSet: instructionSet(), productsSaturate: productsSaturate(),
})
