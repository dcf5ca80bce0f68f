#!/usr/bin/env node
// Starts the built program with a Node that is new enough: this one, or the one that the project brings along.
// Plain JavaScript that old versions of Node can still read.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const WANTED = [22, 12]
const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(here)
const program = join(root, 'out', 'main', 'cli.js')

function newEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number)
  return major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1])
}

/** A Node package in the nearest node_modules upwards: ours in a checkout, one that was installed beside us elsewhere. */
function findNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const platform = process.platform === 'win32' ? 'win' : process.platform
  for (let folder = root; ; folder = dirname(folder)) {
    for (const place of [['node', 'bin', name], [`node-${platform}-${process.arch}`, 'bin', name], ['.bin', name]]) {
      const candidate = join(folder, 'node_modules', ...place)
      if (!existsSync(candidate)) continue
      const asked = spawnSync(candidate, ['--version'], { encoding: 'utf8' })
      if (asked.status === 0 && newEnough(asked.stdout.trim())) return candidate
    }
    if (dirname(folder) === folder) return null
  }
}

function stop(what, next) {
  process.stderr.write(`error: ${what}\n  next  ${next}\n`)
  process.exit(3)
}

/** Runs the program in another Node as if it were this process: same streams, same signals, same exit code. */
function runWith(node) {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
  const numbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }
  for (const name of Object.keys(numbers)) process.on(name, () => child.kill(name))
  child.on('error', (error) => stop(`Node could not be started: ${error.message}`, `Check ${node}.`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (numbers[signal] ?? 9)))
}

if (!existsSync(program)) stop('the program is not built yet', 'Run npm run build in the checkout, then try again.')
if (newEnough(process.version)) await import(pathToFileURL(program).href)
else {
  const node = findNode()
  if (node === null) stop(`Node ${WANTED.join('.')} or newer is needed, this is ${process.version}`, `Run npm ci in the checkout; where the package is installed, npm i node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}@24 beside it, or install a newer Node.`)
  runWith(node)
}
