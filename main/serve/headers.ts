import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Refusal } from './guard.ts'

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

/** What is not a page may load and do nothing. */
const NOTHING_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

/** On every answer; a page has its own policy on top. */
export function setSafeHeaders(response: ServerResponse): void {
  const headers = {
    'Content-Security-Policy': NOTHING_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
    'Cache-Control': 'no-store',
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

export function refuse(response: ServerResponse, { status, why }: Refusal, more: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const text = `${why}\n`
  // What was not read of a refused request must not become the beginning of the next one.
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text), Connection: 'close', ...more })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}

export function sendJson(response: ServerResponse, value: unknown, more: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(value)
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text), ...more })
  response.end(text)
}
