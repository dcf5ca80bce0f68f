import { encodeReply } from '../../preload/contract/envelope.ts'
import { MOST_PIECE_BYTES, pieceAt } from '../../preload/contract/uploads.ts'
import type { App } from '../app/api.ts'
import { asFault } from '../core/fault.ts'

/** What a door answers to a piece: an envelope, also for faults; or why it is not taken at all. */
export type PieceAnswer = { readonly bytes: Uint8Array<ArrayBuffer> } | 'too-large' | 'cut-off' | 'no-such-place'

export interface Piece {
  /** Path and query, as they were sent. */
  readonly target: string
  readonly body: AsyncIterable<Uint8Array>
  /** What the body says of its length; null where it does not. */
  readonly announcedBytes: number | null
}

/** Takes one piece of an upload, whichever door it comes through. Who may send is the door's own question. */
export async function takePiece(app: Pick<App, 'uploads'>, { target, body, announcedBytes }: Piece, unexpected?: (error: unknown) => void): Promise<PieceAnswer> {
  const place = pieceAt(target)
  if (place === null) return 'no-such-place'
  if (announcedBytes !== null && announcedBytes > MOST_PIECE_BYTES) return 'too-large'
  const measured = limited(body, announcedBytes)
  try {
    const received = await app.uploads.append(place.upload, place.file, place.at, measured)
    return { bytes: encodeReply({ ok: true, value: { received } }) }
  } catch (thrown) {
    if (thrown instanceof PieceRefused) return thrown.why
    const fault = asFault(thrown)
    if (fault.code.startsWith('bug.')) unexpected?.(thrown)
    return { bytes: encodeReply({ ok: false, fault: fault.toJSON() }) }
  }
}

class PieceRefused extends Error {
  readonly why: 'too-large' | 'cut-off'

  constructor(why: 'too-large' | 'cut-off', options?: { cause?: unknown }) {
    super(why, options)
    this.why = why
  }
}

/** The body as long as it keeps to the limit and to what was announced. A sender that goes away leaves a piece that is cut off. */
async function* limited(body: AsyncIterable<Uint8Array>, announcedBytes: number | null): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength
      if (bytes > MOST_PIECE_BYTES) break
      yield chunk
    }
  } catch (error) {
    throw new PieceRefused('cut-off', { cause: error })
  }
  if (bytes > MOST_PIECE_BYTES) throw new PieceRefused('too-large')
  if (announcedBytes !== null && bytes !== announcedBytes) throw new PieceRefused('cut-off')
}
