import type { Verb } from '../client.ts'

const MAKE_MODELS: readonly Verb[] = ['run', 'demo', 'quantize', 'tune']

/** Whether a run is of a kind that can be made a bundle of. */
export const isExportable = ({ verb }: { readonly verb: Verb }): boolean => MAKE_MODELS.includes(verb)
