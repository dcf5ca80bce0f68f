import { isOwnPage } from './own-page.ts'

/** What of Electron's `WebContents` is guarded. */
export interface GuardedContents {
  on(event: 'will-navigate' | 'will-redirect' | 'will-frame-navigate', listener: (event: Navigation) => void): unknown
  on(event: 'will-attach-webview', listener: (event: { preventDefault(): void }) => void): unknown
  setWindowOpenHandler(handler: (details: { readonly url: string }) => { readonly action: 'deny' }): void
  setWebRTCIPHandlingPolicy(policy: 'disable_non_proxied_udp'): void
}

interface Navigation {
  readonly url: string
  readonly isMainFrame: boolean
  preventDefault(): void
}

/** Pages that a person may be sent to, in the browser. Whole addresses: nothing of a model can be written into one. */
export const EXTERNAL_PAGES: ReadonlySet<string> = new Set([
  'https://onnx.ai/onnx/operators/',
  'https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html',
])

/** Nothing but our own page is shown: no other address, no frames, no second window, no webview. */
export function guardContents(contents: GuardedContents, openExternal: (url: string) => void): void {
  for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate'] as const) {
    contents.on(event, (navigation) => {
      if (!navigation.isMainFrame || !isOwnPage(navigation.url)) navigation.preventDefault()
    })
  }
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (EXTERNAL_PAGES.has(url)) openExternal(url)
    return { action: 'deny' }
  })
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp')
}
