// Compiles main/ and preload/ to out/, then the window to out/renderer and the desktop window's bridge to one file. Runs as `prepare`, so `npx scalewright` works right after `npm ci`.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { resolve } = createRequire(import.meta.url)

/** Runs a tool of a package with this Node; a failure ends the build with the tool's exit code. */
function runTool(name, script, ...tool) {
  const { status } = spawnSync(process.execPath, [join(dirname(resolve(`${name}/package.json`)), ...script), ...tool], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

rmSync(join(root, 'out'), { recursive: true, force: true })
runTool('typescript', ['bin', 'tsc'], '-p', join(root, 'tsconfig.build.json'))
runTool('vite', ['bin', 'vite.js'], 'build', '--logLevel', 'warn')
runTool('vite', ['bin', 'vite.js'], 'build', '--logLevel', 'warn', '--config', join(root, 'vite.bridge.config.ts'))
