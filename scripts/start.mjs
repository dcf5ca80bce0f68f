// Opens the desktop app from a checkout, where Electron's binary is: npm start [-- FILE.onnx --workspace DIR]
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Two lines on stderr, exit code 2: nothing was started. */
function stop(what, next) {
  process.stderr.write(`error: ${what}\n  next  ${next}\n`)
  process.exit(2)
}

/** Electron's own places: its package names the program in path.txt once it is downloaded; the folder can be another one. */
function electronBinary() {
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  const named = join(folder, 'path.txt')
  const elsewhere = process.env.ELECTRON_OVERRIDE_DIST_PATH
  const usual = process.platform === 'win32' ? 'electron.exe' : process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron'
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : usual
  return resolve(elsewhere ?? join(folder, 'dist'), name)
}

const program = join(root, 'out', 'main', 'electron.js')
const binary = electronBinary()
if (!existsSync(binary)) {
  stop(`Electron's binary is not here: ${binary}`, 'npx install-electron downloads it (about 120 MB from github.com, or from ELECTRON_MIRROR); npx scalewright serve shows the same window in a browser')
}
if (!existsSync(program)) stop('the program is not built yet', 'npm run build')

// Set by editors that are Electron programs themselves; it would make the window's program a plain Node.
const { ELECTRON_RUN_AS_NODE: _unused, ...environment } = process.env
const child = spawn(binary, [program, ...process.argv.slice(2)], { stdio: 'inherit', env: environment })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => stop(`Electron could not be started: ${error.message}`, `check ${binary}`))
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 9)))
