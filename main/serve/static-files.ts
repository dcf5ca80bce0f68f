import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, extname, join, relative, sep } from 'node:path'
import type { ServerResponse } from 'node:http'
import { CSP_NONCE_PLACEHOLDER } from '../../preload/contract/page.ts'
import { contentPolicy, newNonce, refuse } from './headers.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

/** The built page: `out/renderer` beside the compiled program, or in the checkout that these sources stand in. */
export function rendererFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return join(folder, 'out', 'renderer')
    if (dirname(folder) === folder) throw new Error('package.json of scalewright is missing')
  }
}

/**
 * Serves the files of one folder by their exact names: a name that is not in the folder's own listing is not there, so no spelling
 * of a path leads out of it. Links are not followed.
 */
export function staticFiles(folder: string): (path: string, response: ServerResponse) => Promise<void> {
  let names = new Map<string, string>()
  const find = async (path: string): Promise<string | undefined> => {
    if (!names.has(path)) names = await listed(folder)
    return names.get(path)
  }
  return async (path, response) => {
    const file = await find(path === '/' ? '/index.html' : path)
    if (file === undefined) {
      if (path === '/') sendNotBuilt(response)
      else refuse(response, { status: 404, why: 'there is no such page' })
      return
    }
    await sendFile(file, response)
  }
}

async function listed(folder: string): Promise<Map<string, string>> {
  const entries = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : []
  const files = entries.filter((entry) => entry.isFile() && Object.hasOwn(TYPES, extname(entry.name))).map((entry) => join(entry.parentPath, entry.name))
  return new Map(files.map((file) => [`/${relative(folder, file).split(sep).join('/')}`, file]))
}

async function sendFile(file: string, response: ServerResponse): Promise<void> {
  const extension = extname(file)
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    refuse(response, { status: 404, why: 'there is no such page' })
    return
  }
  const nonce = newNonce()
  const body = extension === '.html' ? Buffer.from(bytes.toString('utf8').replaceAll(CSP_NONCE_PLACEHOLDER, nonce)) : bytes
  // Workers take the policy of their own script.
  const policy = extension === '.html' || extension === '.js' ? { 'Content-Security-Policy': contentPolicy(nonce) } : {}
  response.writeHead(200, { ...policy, 'Content-Type': TYPES[extension]!, 'Content-Length': body.byteLength, 'Cache-Control': cacheFor(file) })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** Files with a hash of their content in the name never change. */
const cacheFor = (file: string): string => (/-[\w-]{8}\.\w+$/.test(file) && !file.endsWith('.html') ? 'private, max-age=31536000, immutable' : 'no-store')

function sendNotBuilt(response: ServerResponse): void {
  const text = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Scalewright</title><h1>The page is not built yet</h1><p>Run <code>npm run build</code> in the checkout, then reload.</p></html>\n'
  response.writeHead(503, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': Buffer.byteLength(text) })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}
