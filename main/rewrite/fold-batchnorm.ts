import { foldRewrite } from './fold-chain.ts'

/** BatchNormalization, with the constant arithmetic right beside it, into convolutions. */
export const foldBatchnorm = foldRewrite('fold-batchnorm', ({ nodes }) => nodes.some(({ op }) => op === 'BatchNormalization'))
