import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, extname, join, relative, sep } from 'node:path'
import { CSP_NONCE_PLACEHOLDER } from '../../preload/contract/page.ts'
import { contentPolicy, newNonce } from './headers.ts'

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

/** A file of the page, or what stands in its place: what a door sends, on top of SAFE_HEADERS. */
export interface PageAnswer {
  readonly status: 200 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer<ArrayBuffer>
}

/** The built page: `out/renderer` beside the compiled program, or in the checkout that these sources stand in. */
export function rendererFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return join(folder, 'out', 'renderer')
    if (dirname(folder) === folder) throw new Error('package.json of scalewright is missing')
  }
}

/**
 * The files of one folder by their exact names: a name that is not in the folder's own listing is not there (null), so no spelling
 * of a path leads out of it. Links are not followed. `/` is index.html.
 */
export function pageFiles(folder: string): (path: string) => Promise<PageAnswer | null> {
  let names = new Map<string, string>()
  return async (path) => {
    const name = path === '/' ? '/index.html' : path
    if (!names.has(name)) names = await listed(folder)
    const file = names.get(name)
    if (file === undefined) return path === '/' ? notBuilt() : null
    return answerOf(file)
  }
}

async function listed(folder: string): Promise<Map<string, string>> {
  const entries = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : []
  const files = entries.filter((entry) => entry.isFile() && Object.hasOwn(TYPES, extname(entry.name))).map((entry) => join(entry.parentPath, entry.name))
  return new Map(files.map((file) => [`/${relative(folder, file).split(sep).join('/')}`, file]))
}

async function answerOf(file: string): Promise<PageAnswer | null> {
  const extension = extname(file)
  let bytes: Buffer<ArrayBuffer>
  try {
    bytes = await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return null
  }
  const nonce = newNonce()
  const body = extension === '.html' ? Buffer.from(bytes.toString('utf8').replaceAll(CSP_NONCE_PLACEHOLDER, nonce)) : bytes
  // Workers take the policy of their own script.
  const policy: Record<string, string> = extension === '.html' || extension === '.js' ? { 'Content-Security-Policy': contentPolicy(nonce) } : {}
  return { status: 200, headers: { ...policy, 'Content-Type': TYPES[extension]!, 'Content-Length': String(body.byteLength), 'Cache-Control': cacheFor(file) }, body }
}

/** Files with a hash of their content in the name never change. */
const cacheFor = (file: string): string => (/-[\w-]{8}\.\w+$/.test(file) && !file.endsWith('.html') ? 'private, max-age=31536000, immutable' : 'no-store')

function notBuilt(): PageAnswer {
  const body = Buffer.from('<!doctype html><html lang="en"><meta charset="utf-8"><title>Scalewright</title><h1>The page is not built yet</h1><p>Run <code>npm run build</code> in the checkout, then reload.</p></html>\n')
  return { status: 503, headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': String(body.byteLength) }, body }
}
