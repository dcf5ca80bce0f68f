import type { Bounds } from './bounds.ts'

export interface WindowFacts {
  /** Absolute path of the built bridge. */
  readonly bridge: string
  readonly dark: boolean
  readonly bounds: Bounds
  /** Run from a checkout: a developer may open the tools. */
  readonly development: boolean
}

/** The page's own background (renderer/theme/tokens.css), so that nothing flashes before it is drawn. */
export const BACKGROUND = { dark: '#0e1115', light: '#f4f6f8' } as const

const SMALLEST = { minWidth: 960, minHeight: 600 } as const

/** What every window is made with. Options that are dangerous are written down although they are Electron's defaults. */
export const windowOptions = ({ bridge, dark, bounds, development }: WindowFacts) => ({
  ...bounds,
  ...SMALLEST,
  title: 'Scalewright',
  show: false,
  backgroundColor: dark ? BACKGROUND.dark : BACKGROUND.light,
  autoHideMenuBar: true,
  webPreferences: {
    preload: bridge,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    plugins: false,
    navigateOnDragDrop: false,
    safeDialogs: true,
    spellcheck: false,
    devTools: development,
  },
}) as const

/** Switches of Chromium: nothing that it does by itself may reach the network. Names of hosts are not even looked up. */
export const CHROMIUM_SWITCHES: readonly (readonly [name: string, value?: string])[] = [
  ['disable-background-networking'],
  ['disable-component-update'],
  ['disable-domain-reliability'],
  ['no-pings'],
  ['host-resolver-rules', 'MAP * ~NOTFOUND'],
  ['force-webrtc-ip-handling-policy', 'disable_non_proxied_udp'],
  ['disable-features', 'SpellcheckService,OptimizationHints,MediaRouter,AutofillServerCommunication'],
]
