import type { ServerResponse } from 'node:http'
import type { Refusal } from './guard.ts'

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
