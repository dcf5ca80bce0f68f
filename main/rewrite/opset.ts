import { Fault } from '../core/fault.ts'
import { withoutDefaultInputs } from '../onnx/constants.ts'
import { withoutCopies } from '../onnx/identities.ts'
import { raiseOpset } from '../onnx/opset.ts'
import type { RewriteContext } from './rewrite.ts'
import { ROUNDING } from './site.ts'
import { inOrder, wholeRewrite } from './whole-rewrite.ts'

/** 8-bit QDQ by channel needs it; 16 and 4 bits need 21. Below it a Resize needs a region that it does not use. */
const LOWEST = 13
const HIGHEST = 25

/** A later opset of the standard operators. Option `to`, default 13. */
export const opset = wholeRewrite({
  name: 'opset',
  why: 'QuantizeLinear by channel came with opset 13, 16- and 4-bit codes with 21.',
  plan: (graph, context) => inOrder(graph, (each) => raiseOpset(each, targetOf(context)), [withoutDefaultInputs, withoutCopies]),
  refusedBy: ['model.opset', 'model.dropout'],
  cost: () => ({ macs: 0, bytesMoved: 0, channelPeak: null }),
  relativeTolerance: ROUNDING,
})

function targetOf({ options }: RewriteContext): number {
  const to = options['to'] ?? LOWEST
  if (typeof to === 'number' && Number.isInteger(to) && to >= LOWEST && to <= HIGHEST) return to
  throw new Fault({
    code: 'recipe.wrong-value', where: 'rewrite.opset.to', what: `'${String(to)}' is no opset that a graph can be raised to`,
    next: `Use a whole number from ${LOWEST} to ${HIGHEST}.`,
  })
}
