import { z } from 'zod'
import { call } from './call.ts'

/** `name` may hold folders, parted by `/`: files that belong together keep their places. */
const UPLOAD_FILE = z.strictObject({ name: z.string().min(1).max(1024), bytes: z.int().min(0) })
const UPLOAD_ID = z.strictObject({ upload: z.string().min(1).max(64) })

/** A page sends pieces of at most so many bytes. */
export const MOST_PIECE_BYTES = 16 * 2 ** 20
export const PIECE_TYPE = 'application/octet-stream'

/**
 * Where a piece goes: `POST /upload/<id>/<index of the file>?at=<offset>`, with the csrf header in the served page. The answer is an
 * envelope: `{received}` or a fault (`input.wrong-offset` says where the file goes on).
 */
export const piecePath = (upload: string, file: number, at: number): string => `/upload/${encodeURIComponent(upload)}/${file}?at=${at}`

/** Upload and file that an address of `piecePath` means; null for any other. */
export function pieceAt(path: string): { readonly upload: string; readonly file: number; readonly at: number } | null {
  const [, upload, file, at] = /^\/upload\/([0-9a-f]{24})\/(\d{1,6})\?at=(\d{1,15})$/.exec(path) ?? []
  return upload === undefined ? null : { upload, file: Number(file), at: Number(at) }
}

export const PIECE_REPLY = z.object({ received: z.number() })

/** Files of this window's person, taken into the workspace whole or not at all. Faults: `input.*`, `workspace.*`. */
export const UPLOAD_CALLS = {
  /** Announces the files of one upload; the pieces follow. */
  'uploads.begin': call(z.strictObject({ files: z.array(UPLOAD_FILE).min(1).max(10_000) }), z.object({ upload: z.string() }), true),
  /** How far it is: after a lost connection the pieces go on from `received`. */
  'uploads.state': call(UPLOAD_ID, z.object({ files: z.array(z.object({ name: z.string(), bytes: z.number(), received: z.number() })), finished: z.boolean() })),
  /** Absolute paths, in the order begun. */
  'uploads.finish': call(UPLOAD_ID, z.object({ upload: z.string(), paths: z.array(z.string()) }), true),
  'uploads.abort': call(UPLOAD_ID, z.object({}), true),
} as const
