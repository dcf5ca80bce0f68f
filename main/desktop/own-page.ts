export const SCHEME = 'app'
export const HOST = 'scalewright'
/** The window's one page. */
export const PAGE = `${SCHEME}://${HOST}/`

/** To be registered before the app is ready: an origin of its own, as strict as https, and no way round the page's policy. */
export const SCHEME_PRIVILEGES = {
  scheme: SCHEME,
  privileges: { standard: true, secure: true, supportFetchAPI: true, bypassCSP: false, allowServiceWorkers: false, corsEnabled: false, stream: false },
} as const

/** Whether an address belongs to our origin: parsed, never compared as text. */
export function isOwn(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && url.protocol === `${SCHEME}:` && url.host === HOST && url.username === '' && url.password === ''
}

/** Whether an address is the page itself, at any of its places: what a window may show. */
export const isOwnPage = (address: string): boolean => isOwn(address) && URL.parse(address)!.pathname === '/'
