import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { serve, type Served } from '../../main/serve.ts'
import { CSRF_HEADER, decodeReply, MOST_PIECE_BYTES, pieceAt, piecePath, PIECE_TYPE } from '../../preload/contract/index.ts'
import { model, node } from '../fixtures/build-model.ts'
import { openPage, type PageBrowser } from '../fixtures/page-browser.ts'
import { rawHttp } from '../fixtures/raw-http.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

describe('uploads through the served page', () => {
  const folder = temporaryFolder()
  const home = join(folder, 'workspace', 'uploads')
  let app: App
  let page: Served
  let browser: PageBrowser
  const bugs: unknown[] = []
  beforeAll(async () => {
    app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder, threads: 1 })
    page = await serve(app, { port: 0, allowWrite: true, folder, unexpected: (error) => bugs.push(error) })
    browser = await openPage(page.url)
  })
  afterAll(async () => {
    await page.close()
    await app.close()
  })

  const send = async (path: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    browser.request(path, { method: 'POST', body, headers: { 'content-type': PIECE_TYPE, [CSRF_HEADER]: browser.csrf, ...headers } })
  const reply = async (path: string, body: Uint8Array<ArrayBuffer>) => decodeReply(new Uint8Array(await (await send(path, body)).arrayBuffer()))
  /** A piece as raw text, so that every line of its head can be wrong. */
  const raw = (line: string, changes: Readonly<Record<string, string | undefined>>, body = 'abc') => {
    const host = `127.0.0.1:${new URL(page.url).port}`
    const head = { Host: host, Origin: `http://${host}`, Cookie: browser.cookie(), [CSRF_HEADER]: browser.csrf, 'Content-Type': PIECE_TYPE, 'Content-Length': String(body.length), Connection: 'close', ...changes }
    return rawHttp(Number(new URL(page.url).port), `${line} HTTP/1.1\r\n${Object.entries(head).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])).join('\r\n')}\r\n\r\n${body}`)
  }

  it('bring a model over in several pieces, and it can be looked at', async () => {
    const bytes = Uint8Array.from(model({ inputs: { x: [1, 3, 4, 4] }, outputs: { y: [1, 3, 4, 4] }, nodes: [node('Relu', ['x'], ['y'])] }))
    const cut = Math.floor(bytes.length / 3)
    const { upload } = await browser.call('uploads.begin', { files: [{ name: '小 net.onnx', bytes: bytes.length }] })
    expect(await reply(piecePath(upload, 0, 0), bytes.slice(0, cut))).toEqual({ ok: true, value: { received: cut } })
    expect(await reply(piecePath(upload, 0, 0), bytes.slice(0, cut))).toMatchObject({ ok: false, fault: { code: 'input.wrong-offset', what: expect.stringContaining(String(cut)) } })
    expect((await browser.call('uploads.state', { upload })).files).toEqual([{ name: '小 net.onnx', bytes: bytes.length, received: cut }])
    await expect(browser.call('uploads.finish', { upload })).rejects.toMatchObject({ fault: { code: 'input.incomplete' } })
    await reply(piecePath(upload, 0, cut), bytes.slice(cut, 2 * cut))
    await reply(piecePath(upload, 0, 2 * cut), bytes.slice(2 * cut))
    const { paths } = await browser.call('uploads.finish', { upload })
    expect(paths).toEqual([join(home, upload, '小 net.onnx')])
    expect(Uint8Array.from(await readFile(paths[0]!))).toEqual(bytes)
    expect(await browser.call('models.graph', { model: { kind: 'path', path: paths[0]! } })).toMatchObject({ nodes: [{ op: 'Relu' }] })
    await expect(browser.call('uploads.abort', { upload })).rejects.toMatchObject({ fault: { code: 'input.unknown-upload' } })
  })

  it('refuse names that lead elsewhere, and amounts beyond the limit', async () => {
    const before = await readdir(home)
    for (const name of ['../../x.onnx', '/etc/cron.d/x', 'a\u0000b', 'a/../../b', '..', 'C:\\x', 'x'.repeat(300), 'a\nb']) {
      await expect(browser.call('uploads.begin', { files: [{ name, bytes: 1 }] }), name).rejects.toMatchObject({ fault: { code: 'input.bad-name' } })
    }
    await expect(browser.call('uploads.begin', { files: [{ name: 'a', bytes: 5e9 }] })).rejects.toMatchObject({ fault: { code: 'input.too-much' } })
    for (const files of [[], [{ name: '', bytes: 1 }], [{ name: 'a', bytes: -1 }], [{ name: 'a', bytes: 1.5 }], [{ name: 'x'.repeat(2000), bytes: 1 }]]) {
      await expect(browser.call('uploads.begin', { files })).rejects.toMatchObject({ fault: { code: 'input.bad-request' } })
    }
    expect(await readdir(home)).toEqual(before)
  })

  it('refuse pieces that are not from the page, or not as agreed', async () => {
    const { upload } = await browser.call('uploads.begin', { files: [{ name: 'a.onnx', bytes: 3 }] })
    const line = `POST ${piecePath(upload, 0, 0)}`
    const host = `127.0.0.1:${new URL(page.url).port}`
    for (const [what, status, changes] of [
      ['no csrf', 403, { [CSRF_HEADER]: undefined }], ['another csrf', 403, { [CSRF_HEADER]: '0'.repeat(64) }], ['no cookie', 401, { Cookie: undefined }], ['no origin', 403, { Origin: undefined }],
      ['another origin', 403, { Origin: 'http://evil.example' }], ['another host', 403, { Host: 'evil.example' }], ['cross-site', 403, { 'Sec-Fetch-Site': 'cross-site' }], ['JSON', 415, { 'Content-Type': 'application/json' }],
      ['a form', 415, { 'Content-Type': 'multipart/form-data' }], ['no type', 415, { 'Content-Type': undefined }], ['packed', 415, { 'Content-Encoding': 'gzip' }], ['too large', 413, { 'Content-Length': String(MOST_PIECE_BYTES + 1) }],
      ['two hosts in one', 403, { Host: `${host},evil.example` }],
    ] as const) expect((await raw(line, changes)).status, what).toBe(status)
    for (const path of [
      '/upload/', `/upload/${upload}`, `/upload/${upload}/0`, `/upload/${upload}/0?at=`, `/upload/${upload}/0?at=-1`, `/upload/${upload}/0?at=1e3`, `/upload/${upload}/0?at=0&at=1`, `/upload/${upload}/..?at=0`, `/upload/../${upload}/0?at=0`,
      `/upload/${upload.toUpperCase()}x/0?at=0`, `/upload/${upload}/%30?at=0`, `/upload/${upload}/0/../1?at=0`, `/upload/${upload}/9999999?at=0`,
    ]) expect((await raw(`POST ${path}`, {})).status, path).toBe(404)
    expect((await raw(`GET ${piecePath(upload, 0, 0)}`, {}, '')).status).toBe(405)
    expect(decodeReply(Buffer.from((await raw(`POST ${piecePath(upload, 7, 0)}`, {})).body, 'latin1'))).toMatchObject({ ok: false, fault: { code: 'input.unknown-upload' } })
    // Nothing of all this was counted.
    expect((await browser.call('uploads.state', { upload })).files[0]!.received).toBe(0)
    await browser.call('uploads.abort', { upload })
  })

  it('count a piece that breaks off for nothing', async () => {
    const { upload } = await browser.call('uploads.begin', { files: [{ name: 'a.onnx', bytes: 3000 }] })
    const cut = await raw(`POST ${piecePath(upload, 0, 0)}`, { 'Content-Length': '2000', 'Transfer-Encoding': undefined }, 'x'.repeat(2000)).then(({ status }) => status)
    expect(cut).toBe(200)
    // Announced 1000, sent 10, and the line is cut.
    const { connect } = await import('node:net')
    const host = `127.0.0.1:${new URL(page.url).port}`
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(page.url).port), '127.0.0.1', () => {
        socket.write(`POST ${piecePath(upload, 0, 2000)} HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nCookie: ${browser.cookie()}\r\n${CSRF_HEADER}: ${browser.csrf}\r\nContent-Type: ${PIECE_TYPE}\r\nContent-Length: 1000\r\n\r\n${'y'.repeat(10)}`)
        setTimeout(() => { socket.destroy(); resolve() }, 100)
      })
    })
    await expect.poll(async () => (await reply(piecePath(upload, 0, 2000), new Uint8Array(1000))).ok).toBe(true)
    const { paths } = await browser.call('uploads.finish', { upload })
    expect((await readFile(paths[0]!, 'latin1')).replaceAll('\0', '.')).toBe('x'.repeat(2000) + '.'.repeat(1000))
  })

  it('are refused at a door that only shows', async () => {
    const { upload } = await browser.call('uploads.begin', { files: [{ name: 'a.onnx', bytes: 3 }] })
    const showing = await serve(app, { port: 0, allowWrite: false, folder })
    const visitor = await openPage(showing.url)
    await expect(visitor.call('uploads.begin', { files: [{ name: 'b', bytes: 1 }] })).rejects.toMatchObject({ fault: { code: 'workspace.read-only-door' } })
    await expect(visitor.call('uploads.finish', { upload })).rejects.toMatchObject({ fault: { code: 'workspace.read-only-door' } })
    const piece = await visitor.request(piecePath(upload, 0, 0), { method: 'POST', body: new Uint8Array(3), headers: { 'content-type': PIECE_TYPE, [CSRF_HEADER]: visitor.csrf } })
    expect([piece.status, await piece.text()]).toEqual([403, expect.stringContaining('--allow-write')])
    await showing.close()
    await browser.call('uploads.abort', { upload })
  })

  it('leave no half-done folder behind, and met no error of the program', async () => {
    await writeFile(join(home, 'keep'), '')
    expect((await readdir(home)).filter((name) => name.startsWith('.partial'))).toEqual([])
    expect(bugs).toEqual([])
  })
})

it('an address of a piece means what it says', () => {
  const id = 'ab'.repeat(12)
  expect(pieceAt(piecePath(id, 3, 4096))).toEqual({ upload: id, file: 3, at: 4096 })
})
