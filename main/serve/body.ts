import type { IncomingMessage } from 'node:http'

/** The JSON of a request's body, or why it cannot be read. Stops reading where it is too large. */
export async function readJson(request: IncomingMessage, limit: number): Promise<{ readonly value: unknown } | 'too-large' | 'not-json'> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return 'too-large'
  const chunks: Buffer[] = []
  let bytes = 0
  // The connection stays open when reading ends early, so that the refusal can be told.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > limit) return 'too-large'
    chunks.push(chunk)
  }
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return 'not-json'
    throw error
  }
}
