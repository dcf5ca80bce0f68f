import type { BoardProfile } from '../boards/profile.ts'
import { absorbBias, absorbHighBias } from './absorb-bias.ts'
import { anchor } from './anchor.ts'
import { convGroup } from './conv-group.ts'
import { depthToSpaceMode } from './depth-to-space-mode.ts'
import { insertClip } from './insert-clip.ts'
import { equalize } from './equalize.ts'
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
import { tailLayout } from './tail-layout.ts'
import { unmixAnchor } from './unmix-anchor.ts'
import type { Rewrite } from './rewrite.ts'

/** Every rewrite, in the order that `auto` tries them. */
export const REWRITES: readonly Rewrite[] = [
  fp16ToFloat, opset, removeIdentity, foldConstants, foldBatchnorm, foldArithmetic, hoistShift, fuseActivation, padIntoConv,
  resizeToConv, anchor, depthToSpaceMode, unmixAnchor, splitConcatAdd, split, depthwiseToDense, equalize, absorbBias, absorbHighBias, convGroup, insertClip, tailLayout,
]

/** What `rewrite: auto` does on every board, in order: only what keeps the function and helps all of them. */
export const AUTO: readonly string[] = ['remove-identity', 'fold-constants', 'fold-batchnorm', 'fold-affine', 'hoist-mean', 'fuse-activation', 'resize-to-conv']

/** The same for one board: an output leaves as an accumulator only where the board can hand it out; others would compute the last layer in float. */
export const autoFor = (board: BoardProfile | null): readonly string[] => [...AUTO, ...(board?.output.highPrecision.is === true ? [tailLayout.name] : [])]
