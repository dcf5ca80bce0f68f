import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { bundledSample } from '../../main/app/demo.ts'
import { linkTo } from '../../main/desktop/hand-over.ts'
import type { Message } from '../../main/desktop/ipc.ts'
import { openDesktop, type Desktop } from '../../main/desktop/open-desktop.ts'
import { PAGE } from '../../main/desktop/own-page.ts'
import { PROJECT } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { openBrowser } from './browser.ts'

// The built page and the built bridge in a real browser, on the desktop door: calls and events over the bridge, files by its protocol.
// A browser knows no app://, so its requests are answered under another name; Electron's own lines stand in between by hand.
const ORIGIN = 'http://scalewright.localhost'
const BRIDGE = join(PROJECT, 'out/preload/bridge.cjs')
if (!existsSync(BRIDGE) || !existsSync(join(PROJECT, 'out/renderer/index.html'))) throw new Error('out/ is missing: run `npm run build` before the tests of the window')

const folder = temporaryFolder()
let browser: Browser
let app: App
let desktop: Desktop
const bugs: unknown[] = []
const refused: string[] = []

beforeAll(async () => {
  ;[browser, app] = await Promise.all([openBrowser(), openApp({ workspace: join(folder, 'space'), cwd: folder })])
  desktop = await openDesktop(app, { folder, windows: new Set([1]), unexpected: (error) => bugs.push(error), renderer: join(PROJECT, 'out/renderer') })
})
afterAll(async () => {
  await browser?.close()
  await desktop?.close()
  await app?.close()
})

/** The bridge's file as it is, with an `electron` whose lines are these functions. */
const sandbox = (code: string): string => `{
  const hears = new Set()
  window.heard = (stream, event) => hears.forEach((hear) => hear({}, stream, event))
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => Object.defineProperty(window, name, { value: Object.freeze(api) }) },
    ipcRenderer: {
      invoke: async (channel, ...words) => Uint8Array.from(atob(await window.invoked(...words)), (letter) => letter.charCodeAt(0)),
      send: (channel, ...words) => void window.sent(...words),
      on: (channel, hear) => void hears.add(hear),
      off: (channel, hear) => void hears.delete(hear),
    },
  }
  const require = (name) => { if (name !== 'electron') throw new Error('not in the sandbox: ' + name); return electron }
  ;(function (require, module, exports) { ${code} })(require, {}, {})
}`

async function openWindow(address = PAGE): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  const message = (): Message => ({
    senderFrame: { url: PAGE, parent: null },
    sender: {
      id: 1,
      isDestroyed: () => page.isClosed(),
      send: (_channel, stream, event) => void page.evaluate(`heard(${JSON.stringify(stream)}, ${JSON.stringify(event)})`).catch(() => undefined),
    },
  })
  await page.exposeFunction('invoked', async (name: unknown, request: unknown) => Buffer.from(await desktop.calls(message(), name, request)).toString('base64'))
  await page.exposeFunction('sent', (stream: unknown, verb: unknown, after: unknown) => desktop.streams.hear(message(), stream, verb, after))
  await context.addInitScript({ content: sandbox(readFileSync(BRIDGE, 'utf8')) })
  await page.route('**/*', async (route) => {
    const request = route.request()
    const { origin, pathname, search } = new URL(request.url())
    if (origin !== ORIGIN) {
      refused.push(request.url())
      return route.abort()
    }
    const answer = await desktop.page({ method: request.method(), url: `${PAGE.slice(0, -1)}${pathname}${search}` })
    await route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body: Buffer.from(await answer.arrayBuffer()) })
  })
  await page.goto(address.replace(PAGE, `${ORIGIN}/`))
  return { page, complaints }
}

test('the window needs no signing in, runs the bundled project and follows it', async () => {
  const { page, complaints } = await openWindow()
  await page.getByRole('button', { name: 'Run the bundled project' }).click()
  await page.getByRole('progressbar').first().waitFor()
  // A window that is loaded anew follows the events anew.
  desktop.streams.forget(1)
  await page.reload()
  await page.waitForURL(/#\/run\//, { timeout: 80_000 })
  await page.getByRole('heading', { name: 'Quality' }).waitFor()
  await page.getByRole('img', { name: /Side by side/ }).waitFor()
  expect(complaints).toEqual([])
  expect([bugs, refused]).toEqual([[], []])
  await page.context().close()
}, 120_000)

test('the page sees two functions of the bridge, and nothing outside its origin', async () => {
  const { page } = await openWindow()
  await page.getByRole('button', { name: 'Run the bundled project' }).waitFor()
  expect(await page.evaluate('Object.keys(scalewright)')).toEqual(['call', 'follow'])
  expect(await page.evaluate(`fetch('https://example.com/').then(() => 'loaded', () => 'refused')`)).toBe('refused')
  expect(await page.evaluate(`fetch('/../package.json').then(({ status }) => status)`)).toBe(404)
  expect(refused).toEqual([])
  await page.context().close()
})

test('a project that was double-clicked begins one, and does not push aside another', async () => {
  const recipe = readFileSync(join(bundledSample(), 'recipe.yaml'), 'utf8')
  const file = join(folder, 'board.qproj')
  writeFileSync(file, recipe.replace(/^model: .*$/m, (line) => line.replace(/: */, `: ${join(bundledSample(), '/')}`)).replaceAll(/path: (?=\S)/g, `path: ${join(bundledSample(), '/')}`))
  const { page, complaints } = await openWindow(linkTo(file))
  await page.waitForURL(/#\/model/)
  expect(await page.evaluate(`Object.entries(localStorage).find(([key]) => key.startsWith('scalewright.project'))[1]`)).toContain('sample')
  // To another file than the one the project has: the person is asked.
  const other = join(folder, 'other.onnx')
  await page.goto(linkTo(other).replace(PAGE, `${ORIGIN}/`))
  await page.getByRole('heading', { name: 'Open other.onnx' }).waitFor()
  await page.getByText(other).waitFor()
  await page.getByRole('button', { name: 'Begin a new project' }).click()
  await page.waitForURL(/#\/model/)
  expect(await page.evaluate(`Object.entries(localStorage).find(([key]) => key.startsWith('scalewright.project'))[1]`)).toContain('other.onnx')
  // What cannot be read says why.
  await page.goto(linkTo(join(folder, 'none.qproj')).replace(PAGE, `${ORIGIN}/`))
  await page.getByRole('button', { name: 'Begin a new project' }).click()
  await page.getByRole('button', { name: 'Try again' }).waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})
