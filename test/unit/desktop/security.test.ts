import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { EXTERNAL_PAGES, guardContents } from '../../../main/desktop/contents-guard.ts'
import { isOwnMessage } from '../../../main/desktop/ipc.ts'
import { PAGE, SCHEME_PRIVILEGES } from '../../../main/desktop/own-page.ts'
import { guardSession } from '../../../main/desktop/session-guard.ts'
import { CHROMIUM_SWITCHES, windowOptions } from '../../../main/desktop/window-options.ts'
import { contentPolicy, SAFE_HEADERS } from '../../../main/page/headers.ts'
import { contentsPart, sessionPart, windowPart } from '../../fixtures/electron-parts.ts'

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')
const electron = read('main/electron.ts')
const manifest = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
const { electronFuses } = parse(read('electron-builder.yml')) as { electronFuses: Record<string, boolean> }

const { webPreferences } = windowOptions({ bridge: 'bridge.cjs', dark: true, bounds: { width: 1, height: 1 }, development: false })
const preferences: Readonly<Record<string, unknown>> = webPreferences

function guarded({ development = false } = {}) {
  const session = sessionPart()
  guardSession(session.session, { development })
  const contents = contentsPart()
  const opened: string[] = []
  guardContents(contents.contents, (url) => opened.push(url))
  return { session, contents, opened }
}

const FOREIGN = [
  'https://example.com/', 'http://127.0.0.1:8080/', 'file:///etc/passwd', 'app://scalewright.example/', 'app://other/', 'app://user@scalewright/', 'app://scalewright:1/',
  'about:blank', 'javascript:0', 'data:text/html,x', 'chrome://version/', 'ws://scalewright/', 'not an address', '',
]
const PERMISSIONS = [
  'media', 'geolocation', 'notifications', 'midi', 'midiSysex', 'pointerLock', 'fullscreen', 'openExternal', 'clipboard-read', 'display-capture', 'hid', 'serial', 'usb', 'fileSystem',
  'idle-detection', 'window-management', 'speaker-selection', 'storage-access', 'persistent-storage', 'local-fonts', 'local-network', 'web-app-installation', 'unknown', 'something-new',
]

/** The list of Electron's own guide to security; each point looks at what the window is really made with. */
const POINTS: readonly (readonly [what: string, check: () => void])[] = [
  ['1 loads only its own content', () => {
    const { session } = guarded()
    for (const url of FOREIGN) expect(session.loads(url), url).toBe(false)
    for (const url of [PAGE, `${PAGE}assets/x.js`, 'blob:app://scalewright/1-2-3']) expect(session.loads(url), url).toBe(true)
    expect([session.loads('data:image/png;base64,AA==', 'image'), session.loads('data:text/html,x', 'mainFrame'), session.loads('blob:https://example.com/1')]).toEqual([true, false, false])
    expect([session.loads('devtools://devtools/x.js'), guarded({ development: true }).session.loads('devtools://devtools/x.js')]).toEqual([false, true])
    expect(guarded({ development: true }).session.loads('https://example.com/')).toBe(false)
    expect([session.downloads(`${PAGE}artifact/x/y`), session.downloads('https://example.com/x')]).toEqual([true, false])
  }],
  ['2 gives the page no Node', () => {
    expect(preferences).toMatchObject({ nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false })
  }],
  ['3 keeps the bridge in a context of its own', () => expect(preferences['contextIsolation']).toBe(true)],
  ['4 runs every page in the sandbox', () => {
    expect(preferences['sandbox']).toBe(true)
    expect(electron).toMatch(/^ {2}app\.enableSandbox\(\)$/m)
  }],
  ['5 denies every permission but writing text to the clipboard', () => {
    const { session } = guarded()
    for (const permission of PERMISSIONS) expect([permission, session.asks(permission), session.checks(permission)]).toEqual([permission, false, false])
    expect([session.device(), session.screen(), session.pairs()]).toEqual([false, null, false])
    const copy = 'clipboard-sanitized-write'
    expect([session.asks(copy), session.checks(copy)]).toEqual([true, true])
    expect([session.asks(copy, 'https://example.com/'), session.checks(copy, 'https://example.com'), session.asks(copy, PAGE, false), session.checks(copy, 'app://scalewright', false)]).toEqual([false, false, false, false])
  }],
  ['6 leaves web security on', () => expect(preferences['webSecurity']).toBe(true)],
  ['7 has a policy without exceptions', () => {
    const policy = contentPolicy('N')
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self' 'nonce-N'", "connect-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) expect(policy.split('; ')).toContain(rule)
    expect(SAFE_HEADERS['Content-Security-Policy']).toContain("default-src 'none'")
  }],
  ['8 allows no insecure content', () => expect(preferences['allowRunningInsecureContent']).toBe(false)],
  ['9 uses no experimental features', () => expect(preferences['experimentalFeatures']).toBe(false)],
  ['10 enables no Blink features', () => {
    expect(preferences['enableBlinkFeatures']).toBeUndefined()
    expect(CHROMIUM_SWITCHES.map(([name]) => name).filter((name) => /^enable|unsafe|no-sandbox|remote-debugging|disable-web-security/.test(name))).toEqual([])
  }],
  ['11 knows no webview', () => expect(preferences['webviewTag']).toBe(false)],
  ['12 lets no webview be attached', () => expect(guarded().contents.happens('will-attach-webview')).toBe(false)],
  ['13 goes nowhere else', () => {
    const { contents } = guarded()
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      for (const url of [...FOREIGN, `${PAGE}artifact/x/y`, `${PAGE}assets/a.js`]) expect([event, url, contents.happens(event, { url })]).toEqual([event, url, false])
      expect([event, contents.happens(event, { url: `${PAGE}#/history` }), contents.happens(event, { url: PAGE, isMainFrame: false })]).toEqual([event, true, false])
    }
  }],
  ['14 opens no second window', () => {
    const { contents } = guarded()
    for (const url of [...FOREIGN, PAGE, ...EXTERNAL_PAGES]) expect(contents.opens(url)).toBe('deny')
  }],
  ['15 sends people only to pages that are written down, by https', () => {
    const { contents, opened } = guarded()
    const [first] = EXTERNAL_PAGES
    for (const url of [...FOREIGN, `${first}?model=secret`, `${first}#secret`, `${first}x`]) contents.opens(url)
    expect(opened).toEqual([])
    for (const url of EXTERNAL_PAGES) contents.opens(url)
    expect(opened).toEqual([...EXTERNAL_PAGES])
    expect(opened.every((url) => url.startsWith('https://') && new URL(url).search === '')).toBe(true)
  }],
  ['16 pins a current Electron', () => expect(Number(manifest.devDependencies['electron']!.split('.')[0])).toBeGreaterThanOrEqual(45)],
  ['17 answers messages of its own page in the main frame of a known window only', () => {
    const known = new Set([1])
    expect(isOwnMessage(windowPart(1).message(), known)).toBe(true)
    expect(isOwnMessage(windowPart(2).message(), known)).toBe(false)
    expect(isOwnMessage(windowPart(1).message({ parent: {} }), known)).toBe(false)
    expect(isOwnMessage(windowPart(1).message(null), known)).toBe(false)
    for (const url of [...FOREIGN, `${PAGE}artifact/x/y`]) expect([url, isOwnMessage(windowPart(1).message({ url }), known)]).toEqual([url, false])
  }],
  ['18 has a scheme of its own that is as strict as https', () => {
    expect(SCHEME_PRIVILEGES).toEqual({ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, bypassCSP: false, allowServiceWorkers: false, corsEnabled: false, stream: false } })
    expect(electron).not.toMatch(/loadFile|file:\/\//)
  }],
  ['19 blows its fuses', () => {
    expect(electronFuses).toEqual({
      runAsNode: false, enableCookieEncryption: true, enableNodeOptionsEnvironmentVariable: false, enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true, onlyLoadAppFromAsar: true, loadBrowserProcessSpecificV8Snapshot: false, grantFileProtocolExtraPrivileges: false,
    })
  }],
  ['20 shows the page nothing of Electron', () => {
    // What the built bridge does is tested in bridge.test.ts; this is all that its source can reach.
    expect(read('preload/bridge.ts').match(/ipcRenderer\.\w+|contextBridge\.\w+|\(BRIDGE_NAME, \w+\)/g)).toEqual(['ipcRenderer.invoke', 'ipcRenderer.on', 'ipcRenderer.send', 'ipcRenderer.off', 'ipcRenderer.send', 'contextBridge.exposeInMainWorld', '(BRIDGE_NAME, bridge)'])
  }],
]

describe('the desktop window', () => {
  it.each(POINTS)('%s', (_what, check) => check())

  it('has all twenty points', () => expect(POINTS.map(([what]) => Number.parseInt(what, 10))).toEqual(Array.from({ length: 20 }, (_, index) => index + 1)))

  it('is quiet on the network: no spell checker, no certificates, no names looked up, no background requests', () => {
    const { session, contents } = guarded()
    expect([session.spellChecker, session.certificate(), contents.policies]).toEqual([[false], -2, ['disable_non_proxied_udp']])
    expect(preferences['spellcheck']).toBe(false)
    expect(Object.fromEntries(CHROMIUM_SWITCHES)).toMatchObject({ 'host-resolver-rules': 'MAP * ~NOTFOUND', 'disable-features': expect.stringContaining('SpellcheckService') })
    expect(CHROMIUM_SWITCHES.map(([name]) => name)).toEqual(expect.arrayContaining(['disable-background-networking', 'disable-component-update', 'no-pings']))
    expect(electron).toContain('crashReporter.start({ uploadToServer: false })')
  })
})
