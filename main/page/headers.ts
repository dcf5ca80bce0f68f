import { randomBytes } from 'node:crypto'

/**
 * The Content-Security-Policy of a page (RELIABILITY 6). No `unsafe-*`: style elements of the component library carry the nonce, and
 * style attributes are set through the DOM, which no policy forbids. One Trusted Types policy, `default`, which refuses markup.
 */
export const contentPolicy = (nonce: string): string =>
  [
    "default-src 'none'", "script-src 'self'", `style-src 'self' 'nonce-${nonce}'`, "img-src 'self' blob: data:", "font-src 'self'", "connect-src 'self'",
    "worker-src 'self' blob:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'",
    "require-trusted-types-for 'script'", 'trusted-types default',
  ].join('; ')

export const newNonce = (): string => randomBytes(16).toString('base64')

/** On every answer of a door; what is no page may load and do nothing. A page has its own policy on top. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
  'Cache-Control': 'no-store',
}
