// The workbench while it is worked on: the window from its sources with hot reload, the program started anew when main/ or preload/
// changes. What the page asks of the program is passed on, signed in; pages of other origins are refused.
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const DATA = /^\/(session|events|call\/|artifact\/|upload\/|export\/)/

/** @type {URL | undefined} Where the program listens; its token stands in the fragment. */
let program

const child = spawn(process.execPath, ['--watch-path', join(root, 'main'), '--watch-path', join(root, 'preload'), '--watch-preserve-output', join(root, 'main', 'cli.ts'),
  'serve', '--json', '--port', '0', '--allow-write', ...process.argv.slice(2)], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
createInterface({ input: child.stdout }).on('line', (line) => {
  if (!line.startsWith('{"url":')) return
  program = new URL(JSON.parse(line).url)
  server.ws.send({ type: 'full-reload' })
})
child.on('exit', (code) => process.exit(code ?? 1))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))

/** The page is signed in by us, whatever it knows: a new start has a new token. */
function signIn(headers, response) {
  const body = JSON.stringify({ token: program.hash.slice('#t='.length) })
  const asked = request(new URL('/session', program), { method: 'POST', headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (answer) => pass(answer, response))
  asked.end(body)
}

function pass(answer, response) {
  response.writeHead(answer.statusCode, answer.headers)
  answer.pipe(response)
}

function passOn(incoming, response, next) {
  if (!DATA.test(incoming.url)) return next()
  const from = incoming.headers['sec-fetch-site'] ?? 'none'
  if (from !== 'same-origin' && from !== 'none') return void response.writeHead(403).end()
  if (program === undefined) return void response.writeHead(503).end()
  const headers = { ...incoming.headers, host: program.host, ...(incoming.headers.origin ? { origin: program.origin } : {}) }
  if (incoming.url === '/session') {
    delete headers['content-length']
    return signIn({ ...headers, origin: program.origin }, response)
  }
  const asked = request(new URL(incoming.url, program), { method: incoming.method, headers }, (answer) => pass(answer, response))
  asked.on('error', () => response.destroy())
  response.on('close', () => asked.destroy())
  incoming.pipe(asked)
}

const server = await createServer({
  configFile: join(root, 'vite.config.ts'),
  root: join(root, 'renderer'),
  clearScreen: false,
  server: { host: '127.0.0.1', port: 5173 },
  plugins: [{ name: 'scalewright-program', configureServer: ({ middlewares }) => void middlewares.use(passOn) }],
})
await server.listen()
server.printUrls()
