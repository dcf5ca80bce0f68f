import { CallFault, decodeReply, piecePath, PIECE_REPLY, PIECE_TYPE } from '../preload/contract/index.ts'
import { call, faultOf, sendBytes } from './client.ts'

export interface UploadProgress {
  readonly sent: number
  readonly total: number
}

export interface Uploaded {
  readonly upload: string
  /** Absolute, in the order of the files. */
  readonly paths: readonly string[]
}

/** Small enough to get through a slow line before the server loses patience, large enough to be quick on a fast one. */
const PIECE_BYTES = 4 << 20
/** A line that breaks is tried again so often before the upload fails. */
const TRIES = 4

/**
 * Hands files over to the workspace, whole or not at all. A lost connection is taken up where it broke. Rejects with a CallFault;
 * with the signal's reason when it was aborted, after which nothing is left of the files.
 */
export async function uploadFiles(files: readonly File[], onProgress: (progress: UploadProgress) => void, signal: AbortSignal): Promise<Uploaded> {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  onProgress({ sent: 0, total })
  const { upload } = await call('uploads.begin', { files: files.map((file) => ({ name: nameOf(file), bytes: file.size })) }, signal)
  try {
    let before = 0
    for (const [index, file] of files.entries()) {
      await sendFile(upload, index, file, (sent) => onProgress({ sent: before + sent, total }), signal)
      before += file.size
    }
    const { paths } = await call('uploads.finish', { upload }, signal)
    return { upload, paths }
  } catch (error) {
    // What can no longer be told to the server it sweeps away by itself.
    await call('uploads.abort', { upload }).catch(() => undefined)
    signal.throwIfAborted()
    throw error
  }
}

/** Of a chosen folder the browser tells where in it a file lay. */
const nameOf = (file: File): string => (file.webkitRelativePath === '' ? file.name : file.webkitRelativePath)

async function sendFile(upload: string, index: number, file: File, onSent: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  let failed = 0
  for (let at = 0; at < file.size; ) {
    try {
      at = await sendPiece(piecePath(upload, index, at), file.slice(at, at + PIECE_BYTES), signal)
      failed = 0
    } catch (error) {
      failed += 1
      if (signal.aborted || failed >= TRIES || !/^(?:engine\.unreachable|input\.(?:wrong-offset|not-taken))$/.test(faultOf(error).code)) throw error
      await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** failed))
      at = (await call('uploads.state', { upload }, signal)).files[index]?.received ?? at
    }
    onSent(at)
  }
}

async function sendPiece(path: string, piece: Blob, signal: AbortSignal): Promise<number> {
  const reply = decodeReply(await sendBytes(path, PIECE_TYPE, piece, signal))
  if (!reply.ok) throw new CallFault(reply.fault)
  return PIECE_REPLY.parse(reply.value).received
}
