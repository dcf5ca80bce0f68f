import { z } from 'zod'
import { Fault } from '../core/fault.ts'
import { pretty } from './written.ts'

const BILINGUAL = z.object({ en: z.string(), zh: z.string() })
const SHA256 = z.string().regex(/^[0-9a-f]{64}$/)

/** Paths of a bundle: plain words between slashes, none of which leads elsewhere. */
const PATH = z.string().max(240).refine(isPlainPath, 'a path below the bundle')

const MANIFEST = z.object({
  schema: z.literal('scalewright-bundle'),
  version: z.literal(1),
  scalewright: z.string(),
  run: z.string(),
  created: z.string(),
  board: z.string(),
  formats: z.array(z.string()),
  language: z.enum(['en', 'zh']),
  model: z.object({ name: z.string(), sha256: z.string() }),
  environment: z.record(z.string(), z.union([z.string(), z.number()])),
  coverage: z.object({ rows: z.number(), matched: z.number() }),
  golden: z.array(z.string()),
  /** True: errors of the readiness below were overruled. */
  forced: z.boolean(),
  readiness: z.array(z.object({ id: z.string(), state: z.enum(['ok', 'note', 'warning', 'error']), what: BILINGUAL, where: z.array(z.string()), why: BILINGUAL.optional(), fix: BILINGUAL.optional() })),
  /** Sorted by path; without the manifest itself. `format`: whose strict reader takes it. */
  files: z.array(z.object({ path: PATH, bytes: z.int().min(0), sha256: SHA256, format: z.string().optional() })),
  /** SHA-256 over everything above, files included: the bundle as a whole. */
  sha256: SHA256,
})
export type Manifest = z.infer<typeof MANIFEST>
export type ManifestFile = Manifest['files'][number]

export const MANIFEST_NAME = 'MANIFEST.json'

const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i

export function isPlainPath(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !/[\\\0:]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !RESERVED.test(part))
}

export const manifestText = (manifest: Manifest): string => pretty(manifest)

/** Throws `input.bundle` where the text is no manifest of ours. */
export function readManifest(text: string, where: string): Manifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw badBundle(where, 'MANIFEST.json is not JSON', error)
  }
  const parsed = MANIFEST.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw badBundle(where, `MANIFEST.json is not as it should be: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, parsed.error)
  }
  return parsed.data
}

export const badBundle = (where: string, what: string, cause?: unknown): Fault =>
  new Fault({ code: 'input.bundle', where, what, next: 'Export the bundle again, or ask for it anew.' }, { cause })
