import { executionProviders, type ProviderState } from '../../runtime/providers.ts'

/** Which execution providers this machine can use. A job of its own: it loads drivers, which may take long or end the process. */
export const providersJob = async (): Promise<readonly ProviderState[]> => executionProviders()
