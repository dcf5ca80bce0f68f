import { isOwn } from './own-page.ts'

/** What of Electron's `Session` is guarded. */
export interface GuardedSession {
  setPermissionRequestHandler(handler: (contents: { getURL(): string }, permission: string, answer: (granted: boolean) => void, details: { readonly isMainFrame: boolean }) => void): void
  setPermissionCheckHandler(handler: (contents: unknown, permission: string, origin: string, details: { readonly isMainFrame: boolean }) => boolean): void
  setDevicePermissionHandler(handler: () => boolean): void
  setDisplayMediaRequestHandler(handler: (request: unknown, answer: (streams: null) => void) => void): void
  setBluetoothPairingHandler(handler: (details: unknown, answer: (response: { readonly confirmed: boolean }) => void) => void): void
  setCertificateVerifyProc(verify: (request: unknown, answer: (result: number) => void) => void): void
  setSpellCheckerEnabled(enabled: boolean): void
  on(event: 'will-download', listener: (event: { preventDefault(): void }, item: { getURL(): string }) => void): unknown
  readonly webRequest: { onBeforeRequest(listener: (details: { readonly url: string; readonly resourceType: string }, answer: (response: { readonly cancel: boolean }) => void) => void): void }
}

/** The one thing that a page of ours may do with permission: its copy buttons write plain text after a click. */
const MAY = 'clipboard-sanitized-write'

/** Chromium's ERR_FAILED: no certificate of anybody is good here. */
const NEVER_VALID = -2

/** Everything that a page could ask for is denied, and nothing is loaded but our own. */
export function guardSession(session: GuardedSession, { development }: { readonly development: boolean }): void {
  session.setPermissionRequestHandler((contents, permission, answer, { isMainFrame }) => answer(isGranted(permission, contents.getURL(), isMainFrame)))
  session.setPermissionCheckHandler((_contents, permission, origin, { isMainFrame }) => isGranted(permission, origin, isMainFrame))
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => answer(null))
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }))
  session.setCertificateVerifyProc((_request, answer) => answer(NEVER_VALID))
  // Its dictionaries would be downloaded.
  session.setSpellCheckerEnabled(false)
  session.on('will-download', (event, item) => {
    if (!isLocal(item.getURL())) event.preventDefault()
  })
  session.webRequest.onBeforeRequest(({ url, resourceType }, answer) => answer({ cancel: !mayLoad(url, resourceType, development) }))
}

const isGranted = (permission: string, origin: string, isMainFrame: boolean): boolean => permission === MAY && isMainFrame && isOwn(origin)

/** Our origin, and what the page itself made. */
const isLocal = (url: string): boolean => isOwn(url) || (url.startsWith('blob:') && isOwn(url.slice('blob:'.length)))

/** Only what never leaves this machine: our origin, what the page made, pictures written into it, and the tools of a developer. */
export function mayLoad(url: string, resourceType: string, development: boolean): boolean {
  if (isLocal(url)) return true
  if (url.startsWith('data:')) return resourceType === 'image'
  return development && URL.parse(url)?.protocol === 'devtools:'
}
