import { encodeModel } from '../../onnx/encode.ts'
import { bitsOf } from '../../core/grid.ts'
import { sha256 } from '../../core/hash.ts'
import { quietTask, type Task } from '../../core/task.ts'
import { boardNamed } from '../../boards/read-profile.ts'
import type { BoardProfile } from '../../boards/profile.ts'
import { linesKnown, resolveOverrides } from '../../quantize/overrides.ts'
import { quantizeOptions } from '../../quantize/options.ts'
import { namedTensors } from '../../quantize/named-tensors.ts'
import type { Recipe, RewriteRecipe } from '../../recipe/recipe.ts'
import { applyRewrites, placedWishes, type RewriteResult, type RewriteSettings, type RewriteWish } from '../../rewrite/apply.ts'
import { autoFor } from '../../rewrite/rewrites.ts'
import { withSeen } from './seen-channels.ts'
import { expectationFor, loadWorkpiece, type Workpiece } from './workpiece.ts'

/** A model with the rewrites of its recipe. */
export interface RewrittenPiece extends Workpiece {
  /** Before any rewrite. */
  readonly preparedBytes: Uint8Array
  readonly rewritten: RewriteResult
}

const isList = (rewrite: RewriteRecipe): rewrite is readonly string[] => Array.isArray(rewrite)

/** A piece as it stands. */
export const unrewritten = (piece: Workpiece): RewrittenPiece =>
  ({ ...piece, preparedBytes: piece.graphBytes, rewritten: { graph: piece.graph, steps: [], refused: [], renamed: new Map() } })

/** The board of a recipe whose rewrites depend on it. `workspace`: absolute folder whose profiles win. */
export const boardOf = async ({ rewrite, board }: Pick<Recipe, 'rewrite' | 'board'>, workspace: string | undefined): Promise<BoardProfile | null> =>
  rewrite === 'auto' ? boardNamed(board, { workspace }) : null

/** Which rewrites a recipe wishes for, in order. `board`: what `auto` is for; null does what helps all. */
export function wishesOf(rewrite: RewriteRecipe | undefined, board: BoardProfile | null = null): readonly RewriteWish[] {
  if (rewrite === undefined) return []
  const plain = (name: string): RewriteWish => ({ rewrite: name, options: {} })
  if (rewrite === 'auto') return autoFor(board).map(plain)
  if (isList(rewrite)) return rewrite.map(plain)
  return Object.entries(rewrite).flatMap(([name, { nodes, ...options }]) => placedWishes({ rewrite: name, options, ...(nodes === undefined ? {} : { nodes: nodes as readonly string[] }) }))
}

/**
 * The model of a recipe, prepared and rewritten: the graph that is observed, quantized and compared. Nothing is proved here (the
 * prepare job does it once, and writes what rewrites say of the recipe into it: so `board` is for that job). What is expected of samples is guessed before rewrites: a mean that is folded away still tells the range.
 */
export async function loadRewritten(recipe: Recipe, task: Task = quietTask, board: BoardProfile | null = null): Promise<RewrittenPiece> {
  const piece = await loadWorkpiece(recipe.model)
  const wishes = wishesOf(recipe.rewrite, board)
  if (wishes.length === 0) return unrewritten(piece)
  const rewritten = await applyRewrites(piece.graph, wishes, await withSeen(rewriteSettings(piece, recipe), wishes, piece), task)
  checkLines(piece, recipe, rewritten)
  if (rewritten.steps.length === 0) return { ...unrewritten(piece), rewritten }
  const graphBytes = encodeModel(rewritten.graph)
  return { ...piece, graph: rewritten.graph, graphBytes, graphSha256: sha256(graphBytes), preparedBytes: piece.graphBytes, rewritten }
}

/** What the rewrites of a piece say of its recipe, as after `--set`. */
export const settingsOf = ({ rewritten }: Pick<RewrittenPiece, 'rewritten'>): readonly string[] => [...new Set(rewritten.steps.flatMap(({ settings }) => settings))]

/** Lines of the recipe that mean nothing in the model must mean something behind its rewrites. Throws `recipe.unknown-layer`. */
export function checkLines({ graph }: Workpiece, { quantize }: Pick<Recipe, 'quantize'>, rewritten: Pick<RewriteResult, 'graph'>): void {
  resolveOverrides(rewritten.graph, linesKnown(graph, quantizeOptions(quantize).layers).unknown)
}

/** What rewrites may not touch and what they may know: names of the recipe, the picture's ranges. */
export function rewriteSettings(piece: Workpiece, recipe: Recipe): RewriteSettings {
  const asked = quantizeOptions(recipe.quantize)
  const options = { ...asked, layers: linesKnown(piece.graph, asked.layers).known }
  const { input, output } = expectationFor(piece, recipe, recipe.samples.calibration ?? recipe.samples.evaluation)
  return {
    where: piece.file.path,
    context: {
      keep: namedTensors(piece.graph, options),
      codes: { granularity: options.weights.granularity === 'tensor' ? 'tensor' : 'channel', weightBits: bitsOf(options.weights.type), activationBits: bitsOf(options.activations.type) },
      picture: input ? { input: input.name, range: input.range.value } : null,
      output: output.kind.value === 'picture' ? { name: output.name, range: output.range.value } : null,
    },
  }
}
