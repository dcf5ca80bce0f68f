import { foldRewrite } from './fold-chain.ts'

/** Chains of constant Mul, Add, Sub and Div without a BatchNormalization, into convolutions. Its name is `fold-affine`. */
export const foldArithmetic = foldRewrite('fold-affine', ({ nodes }) => nodes.every(({ op }) => op !== 'BatchNormalization'))
