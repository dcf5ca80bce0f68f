import { app, BrowserWindow, crashReporter, dialog, ipcMain, Menu, nativeTheme, protocol, screen, session, shell, utilityProcess } from 'electron'
import { join } from 'node:path'
import { CALL_CHANNEL, EVENTS_CHANNEL } from '../preload/contract/channels.ts'
import { openApp } from './app/app.ts'
import { startChildrenBy } from './app/children.ts'
import { asFault } from './core/fault.ts'
import { fittingBounds, keepBounds, readBounds } from './desktop/bounds.ts'
import { guardContents } from './desktop/contents-guard.ts'
import { linkTo, pathsIn, readWords } from './desktop/hand-over.ts'
import { menuTemplate } from './desktop/menu.ts'
import { openDesktop, type Desktop } from './desktop/open-desktop.ts'
import { PAGE, SCHEME, SCHEME_PRIVILEGES } from './desktop/own-page.ts'
import { restarts } from './desktop/restarts.ts'
import { guardSession } from './desktop/session-guard.ts'
import { textsFor } from './desktop/texts.ts'
import { utilityStarter } from './desktop/utility-child.ts'
import { CHROMIUM_SWITCHES, windowOptions } from './desktop/window-options.ts'

const development = !app.isPackaged
const bridge = join(import.meta.dirname, '..', 'preload', 'bridge.cjs')
// A packaged program is started by a double click, from a folder that means nothing.
const folder = development ? process.cwd() : app.getPath('home')
const words = readWords(process.argv.slice(development ? 2 : 1), process.cwd())
/** Files that were double-clicked before there was a window. */
const toOpen: string[] = [...words.paths]
const windows = new Set<number>()
const unexpected = (error: unknown): void => console.error(error)
const say = () => textsFor(app.getLocale())

if (words.cli) {
  process.stderr.write('error: this program is the window; the terminal has its own (docs/packaging.md)\n  next  npx scalewright --help\n')
  app.exit(2)
} else if (!app.requestSingleInstanceLock({ paths: [...words.paths] })) {
  app.exit(0)
} else {
  beforeReady()
  void app.whenReady().then(start).catch((error: unknown) => {
    unexpected(error)
    const { what, where, next } = asFault(error)
    dialog.showErrorBox(say().notOpened, [where, what, next].filter(Boolean).join('\n'))
    app.exit(3)
  })
}

function beforeReady(): void {
  app.enableSandbox()
  for (const [name, value] of CHROMIUM_SWITCHES) app.commandLine.appendSwitch(name, value)
  protocol.registerSchemesAsPrivileged([SCHEME_PRIVILEGES])
  crashReporter.start({ uploadToServer: false })
  app.on('web-contents-created', (_event, contents) => guardContents(contents, (url) => void shell.openExternal(url).catch(unexpected)))
  app.on('second-instance', (_event, _argv, _folder, handed) => show(pathsIn(handed)))
  app.on('open-file', (event, path) => {
    event.preventDefault()
    show(pathsIn({ paths: [path] }))
  })
}

async function start(): Promise<void> {
  startChildrenBy(utilityStarter((entry, args, options) => utilityProcess.fork(entry, args, { ...options })))
  guardSession(session.defaultSession, { development })
  const opened = await openApp({ cwd: folder, ...(words.workspace === undefined ? {} : { workspace: words.workspace }) })
  const desktop = await openDesktop(opened, { folder, windows, unexpected })
  protocol.handle(SCHEME, desktop.page)
  ipcMain.handle(CALL_CHANNEL, desktop.calls)
  ipcMain.on(EVENTS_CHANNEL, desktop.streams.hear)
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate({ mac: process.platform === 'darwin', development })))
  await openWindow(desktop, endTogether(desktop, () => opened.close()))
}

async function openWindow(desktop: Desktop, isEnding: () => boolean): Promise<void> {
  const kept = join(app.getPath('userData'), 'window.json')
  const displays = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(({ workArea }) => workArea)
  const window = new BrowserWindow(windowOptions({ bridge, dark: nativeTheme.shouldUseDarkColors, bounds: fittingBounds(await readBounds(kept), displays), development }))
  const { webContents } = window
  const { id } = webContents
  const mayRestart = restarts()
  windows.add(id)
  window.once('ready-to-show', () => window.show())
  window.on('close', (event) => {
    if (isEnding()) return
    event.preventDefault()
    void keepBounds(kept, window.getNormalBounds()).catch(unexpected).then(() => app.quit())
  })
  window.on('closed', () => {
    windows.delete(id)
    desktop.streams.forget(id)
  })
  // A page that is loaded anew follows the events anew.
  webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) desktop.streams.forget(id)
  })
  webContents.on('render-process-gone', (_event, { reason }) => {
    desktop.streams.forget(id)
    if (reason === 'clean-exit') return
    if (mayRestart()) webContents.reload()
    else dialog.showErrorBox(say().windowDied, say().windowDiedDetail)
  })
  const last = toOpen.splice(0).at(-1)
  if (last === undefined) await window.loadURL(PAGE)
  else await goTo(window, last)
}

/** Brings the window to the front; it goes to the last of the paths. */
function show(paths: readonly string[]): void {
  const [window] = BrowserWindow.getAllWindows()
  const last = paths.at(-1)
  if (window === undefined) {
    if (last !== undefined) toOpen.splice(0, toOpen.length, last)
    return
  }
  if (window.isMinimized()) window.restore()
  window.focus()
  if (last !== undefined) void goTo(window, last).catch(unexpected)
}

function goTo(window: BrowserWindow, path: string): Promise<void> {
  app.addRecentDocument(path)
  return window.loadURL(linkTo(path))
}

/** Quits once the person agrees that a running job is cancelled, and the job has been recorded so. Tells whether that has begun. */
function endTogether(desktop: Desktop, close: () => Promise<void>): () => boolean {
  let ending = false
  app.on('before-quit', (event) => {
    if (ending) return
    event.preventDefault()
    void (async () => {
      if (ending || (desktop.isBusy() && !(await agreesToQuit()))) return
      ending = true
      await desktop.close()
      await close()
      app.quit()
    })().catch((error: unknown) => {
      unexpected(error)
      app.exit(3)
    })
  })
  return () => ending
}

async function agreesToQuit(): Promise<boolean> {
  const { quit, quitDetail, quitNow, stay } = say()
  const { response } = await dialog.showMessageBox({ type: 'question', message: quit, detail: quitDetail, buttons: [quitNow, stay], defaultId: 1, cancelId: 1, noLink: true })
  return response === 0
}
