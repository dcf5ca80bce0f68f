import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import chromium from '@sparticuz/chromium'
import { chromium as launcher, type Browser, type Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Its own `args` are left out: one process for all pages dies with the first, and web security is what is tested. */
export const openBrowser = async (): Promise<Browser> =>
  launcher.launch({ executablePath: await chromium.executablePath(), args: ['--no-sandbox'] })

export interface Look {
  readonly theme?: 'light' | 'dark' | 'contrast'
  readonly language?: 'en' | 'zh'
  readonly width?: number
  readonly height?: number
}

export interface Opened {
  readonly page: Page
  /** What the browser complained about: errors of scripts, refusals of the page's policy. */
  readonly complaints: readonly string[]
}

/** A fresh browser profile on the workbench, with its settings as remembered and axe at hand. */
export async function openWorkbench(browser: Browser, url: string, { theme = 'dark', language = 'en', width = 1280, height = 720 }: Look = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB' })
  const kept = JSON.stringify(JSON.stringify({ theme, language }))
  await context.addInitScript({ content: `if (localStorage.getItem('scalewright.settings') === null) localStorage.setItem('scalewright.settings', ${kept})` })
  await context.addInitScript({ content: AXE })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(url)
  return { page, complaints }
}

/** Takes the page to a place of the workbench without loading it anew. */
export async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#${place}`)}`)
}

/** Serious and critical violations that axe finds, a line each. */
export async function violations(page: Page): Promise<readonly string[]> {
  const found = await page.evaluate<readonly { id: string; impact: string; nodes: readonly { html: string }[] }[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))`,
  )
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)
}
