import { anchor } from './anchor.ts'
import { depthToSpaceMode } from './depth-to-space-mode.ts'
import { insertClip } from './insert-clip.ts'
import { depthwiseToDense } from './depthwise-to-dense.ts'
import { foldArithmetic } from './fold-arithmetic.ts'
import { foldBatchnorm } from './fold-batchnorm.ts'
import { foldConstants } from './fold-constants.ts'
import { fp16ToFloat } from './fp16-to-float.ts'
import { fuseActivation } from './fuse-activation.ts'
import { hoistShift } from './hoist-shift.ts'
import { opset } from './opset.ts'
import { padIntoConv } from './pad-into-conv.ts'
import { removeIdentity } from './remove-identity.ts'
import { resizeToConv } from './resize-to-conv.ts'
import { split } from './split.ts'
import { splitConcatAdd } from './split-concat-add.ts'
import { unmixAnchor } from './unmix-anchor.ts'
import type { Rewrite } from './rewrite.ts'

/** Every rewrite, in the order that `auto` tries them. */
export const REWRITES: readonly Rewrite[] = [
  fp16ToFloat, opset, removeIdentity, foldConstants, foldBatchnorm, foldArithmetic, hoistShift, fuseActivation, padIntoConv,
  resizeToConv, anchor, depthToSpaceMode, unmixAnchor, splitConcatAdd, split, depthwiseToDense, insertClip,
]

/** What `rewrite: auto` does, in order: only what keeps the function and helps every board. */
export const AUTO: readonly string[] = ['remove-identity', 'fold-constants', 'fold-batchnorm', 'fold-affine', 'hoist-mean', 'fuse-activation', 'resize-to-conv']
