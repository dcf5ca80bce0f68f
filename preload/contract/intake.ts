import { z } from 'zod'
import { call } from './call.ts'
import { MODEL_REF } from './model.ts'

const PATH = z.string().min(1).max(4096)

/** What has rules of names in a text: YAML as docs/weights.md tells it; '' takes names as they are. */
const RULES = z.string().max(100_000).default('')

/** A Caffe net as a model: the run that comes back has it as its own. Faults `model.caffe-*` with file and line. */
export const IMPORT_SPEC = z.strictObject({
  kind: z.literal('import'), prototxt: PATH, caffemodel: PATH,
  /** Height and width in place of those of the prototxt. */
  size: z.tuple([z.int().min(1).max(65_536), z.int().min(1).max(65_536)]).optional(),
})

/** A model's graph with the weights of a .pth, .safetensors or .npz. Fault `input.weights-mismatch` where not all fits, unless `allowMissing`. */
export const WEIGHTS_SPEC = z.strictObject({ kind: z.literal('weights'), model: MODEL_REF, from: PATH, rules: RULES, allowMissing: z.boolean().default(false) })

const DIMS = z.array(z.number())
const PAIR = z.object({ name: z.string(), key: z.string(), dims: DIMS })

export const WEIGHT_MATCH = z.object({
  /** Weight of the graph, key of the file; with how the file's axes are put where rules say so. */
  pairs: z.array(PAIR.extend({ perm: z.array(z.number()).optional() })),
  /** Weights of the graph that find nothing, and keys of the file that nothing takes. */
  missing: z.array(z.string()),
  unexpected: z.array(z.string()),
  /** `dims` is wanted, `found` is in the file. */
  wrongShapes: z.array(PAIR.extend({ found: DIMS, perm: z.array(z.number()).optional() })),
  /** Of the missing and the unexpected, which may mean the same. */
  nearest: z.array(z.object({ name: z.string(), key: z.string() })),
  ignored: z.array(z.string()),
  /** Names that `preset:` of the rules takes. */
  presets: z.array(z.string()),
})
export type WeightMatch = z.infer<typeof WEIGHT_MATCH>

export const INTAKE_CALLS = {
  /** How the keys of a file and the weights of a graph fit; nothing is loaded. Faults `input.weights-file`, `input.weights-rules` with line and column. */
  'models.weights': call(z.strictObject({ model: MODEL_REF, from: PATH, rules: RULES }), WEIGHT_MATCH),
} as const
