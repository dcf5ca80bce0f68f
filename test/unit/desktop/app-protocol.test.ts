import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openUploads } from '../../../main/app/uploads.ts'
import { Fault } from '../../../main/core/fault.ts'
import type { Artifact } from '../../../main/core/run.ts'
import { appProtocol, pathIn } from '../../../main/desktop/app-protocol.ts'
import { decodeReply, piecePath, PIECE_TYPE } from '../../../preload/contract/index.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const RUN = '01ARZ3NDEKTSV4RRFFQ69G5FAV'

describe('app://scalewright', () => {
  const folder = temporaryFolder()
  const renderer = join(folder, 'renderer')
  const bugs: unknown[] = []
  const files: Readonly<Record<string, string>> = { picture: join(folder, 'side.png'), 'quantized-model': join(folder, 'model.onnx'), statistics: join(folder, 'empty.statistics'), gone: join(folder, 'gone.bin'), bundle: join(folder, '模型 a;b.zip'), folder }
  const artifact = async (_run: string, role: string): Promise<Artifact> => {
    if (role === 'broken') throw new TypeError('a bug')
    if (!(role in files)) throw new Fault({ code: 'input.no-artifact', what: 'there is none' })
    return { role, path: files[role]!, sha256: '', bytes: 0 }
  }
  const exported = async (name: string): Promise<string> => {
    if (name !== 'history.zip') throw new Fault({ code: 'input.no-export', what: 'there is none' })
    return join(folder, 'side.png')
  }
  const app = { artifact, exported, uploads: openUploads(join(folder, 'space')) }
  const page = appProtocol({ app, renderer, unexpected: (error) => bugs.push(error) })
  const ask = (path: string, method = 'GET') => page({ method, url: `app://scalewright${path}` })

  beforeAll(() => {
    mkdirSync(join(renderer, 'assets'), { recursive: true })
    writeFileSync(join(renderer, 'index.html'), '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><p>page</p>')
    writeFileSync(join(renderer, 'assets', 'main-0a1b2c3d.js'), 'export {}')
    writeFileSync(join(renderer, 'assets', 'Inter 4.woff2'), 'font')
    writeFileSync(join(renderer, '.env'), 'secret')
    writeFileSync(join(folder, 'secret.html'), 'secret')
    symlinkSync(join(folder, 'secret.html'), join(renderer, 'link.html'))
    symlinkSync(folder, join(renderer, 'up'))
    writeFileSync(files['picture']!, 'png bytes')
    writeFileSync(files['quantized-model']!, 'onnx bytes')
    writeFileSync(files['bundle']!, 'zip bytes')
    writeFileSync(files['statistics']!, '')
  })

  it('serves the page with its policy and a nonce that is new each time', async () => {
    const [first, second] = [await ask('/'), await ask('/#/history?sort=x')]
    const [one, two] = [await first.text(), await second.text()]
    const nonce = /nonce="([^"]+)"/.exec(one)![1]!
    expect([first.status, first.headers.get('content-type'), first.headers.get('x-content-type-options'), first.headers.get('cache-control')]).toEqual([200, 'text/html; charset=utf-8', 'nosniff', 'no-store'])
    expect(first.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`)
    expect(two).toContain('<p>page</p>')
    expect(two).not.toContain(nonce)
  })

  it('serves its files by their exact names and types', async () => {
    const script = await ask('/assets/main-0a1b2c3d.js?v=1')
    expect([script.status, script.headers.get('content-type'), await script.text()]).toEqual([200, 'text/javascript; charset=utf-8', 'export {}'])
    expect(script.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    const font = await ask('/assets/Inter%204.woff2')
    expect([font.status, font.headers.get('content-type')]).toEqual([200, 'font/woff2'])
    const head = await ask('/index.html', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  it.each([
    '/../secret.html', '/assets/../../secret.html', '/%2e%2e/secret.html', '/%2e%2e%2fsecret.html', '/..%2fsecret.html', '/assets/..%5c..%5csecret.html', '/..\\secret.html', '/%252e%252e/secret.html',
    '/%252e%252e%252fsecret.html', '/./index.html', '//secret.html', '/%2fsecret.html', '/index.html%00', '/index.html%00.js', '/%', '/%zz', '/%c0%ae%c0%ae/secret.html', '/index .html', '/index\u00e9.html', '', 'x', '@evil/',
  ])('refuses the path %j', async (path) => {
    const answer = await ask(path)
    expect(answer.status).toBe(400)
    expect(await answer.text()).not.toContain('secret')
  })

  it.each(['/.env', '/link.html', '/up/secret.html', '/up', '/assets', '/assets/', '/INDEX.html', '/index.html/', '/nothing.js', '/call/app.info', '/session', '/events', '/artifact/', `/artifact/${RUN}`])('has nothing at %j', async (path) => {
    const answer = await ask(path)
    expect([answer.status, await answer.text()]).toEqual([404, 'there is no such page\n'])
  })

  it('is no other origin', () => {
    for (const url of ['https://scalewright/', 'app://other/', 'app://scalewright:1/', 'app://user@scalewright/', 'app://scalewright.evil/', 'APP://scalewright/', 'app:/scalewright/', 'app://scalewright', 'file:///etc/passwd', '']) expect([url, pathIn(url)]).toEqual([url, null])
    expect(pathIn('app://scalewright/a%20b?x#y')).toBe('/a b')
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'get', 'TRACE'])('does not answer %s', async (method) => {
    const answer = await ask('/', method)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it('serves exports by their name', async () => {
    const found = await ask('/export/history.zip')
    expect([found.status, found.headers.get('content-type'), found.headers.get('content-disposition')]).toEqual([200, 'application/zip', 'attachment; filename="history.zip"'])
    for (const path of ['/export/', '/export/other.zip', '/export/a/b', '/export/.hidden', '/export/History.zip']) expect([path, (await ask(path)).status]).toEqual([path, 404])
  })

  it('serves artifacts by run and role', async () => {
    const picture = await ask(`/artifact/${RUN}/picture`)
    expect([picture.status, picture.headers.get('content-type'), picture.headers.get('content-disposition'), await picture.text()]).toEqual([200, 'image/png', 'inline', 'png bytes'])
    const model = await ask(`/artifact/${RUN}/quantized-model`)
    expect([model.headers.get('content-disposition'), model.headers.get('content-length'), await model.text()]).toEqual(['attachment; filename="quantized-model.onnx"', '10', 'onnx bytes'])
    expect(model.headers.get('content-security-policy')).toContain('sandbox')
    // A bundle keeps the name that a person gave it, whatever is in that.
    expect((await ask(`/artifact/${RUN}/bundle`)).headers.get('content-disposition')).toBe(`attachment; filename="__ a_b.zip"; filename*=UTF-8''%E6%A8%A1%E5%9E%8B%20a%3Bb.zip`)
    expect(await (await ask(`/artifact/${RUN}/statistics`)).text()).toBe('')
    const head = await ask(`/artifact/${RUN}/picture`, 'HEAD')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '9', ''])
    for (const path of [`/artifact/${RUN}/none`, `/artifact/${RUN}/gone`, `/artifact/${RUN}/folder`, `/artifact/${RUN}/Picture`, `/artifact/${RUN.slice(1)}/picture`, `/artifact/${RUN}/picture/x`]) expect([path, (await ask(path)).status]).toEqual([path, 404])
  })

  it('takes pieces of an upload from its own page, and nothing else by POST', async () => {
    const upload = await app.uploads.begin([{ name: 'model.onnx', bytes: 6 }])
    const send = (path: string, text: string, headers: Readonly<Record<string, string>> = {}) =>
      page({ method: 'POST', url: `app://scalewright${path}`, headers: new Headers({ 'content-type': PIECE_TYPE, origin: 'app://scalewright', ...headers }), body: new Blob([text]).stream() })
    const replyOf = async (answer: Response) => decodeReply(new Uint8Array(await answer.arrayBuffer()))
    expect(await replyOf(await send(piecePath(upload, 0, 0), 'abc'))).toEqual({ ok: true, value: { received: 3 } })
    expect(await replyOf(await send(piecePath(upload, 0, 0), 'abc'))).toMatchObject({ ok: false, fault: { code: 'input.wrong-offset' } })
    for (const origin of ['null', 'https://example.com', 'app://other']) expect([origin, (await send(piecePath(upload, 0, 3), 'def', { origin })).status]).toEqual([origin, 403])
    expect((await send(piecePath(upload, 0, 3), 'def', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await send(piecePath(upload, 0, 3), 'def', { 'content-length': '999' })).status).toBe(400)
    for (const path of ['/upload/', '/upload/../x', `/upload/${upload}/0`, `/upload/${upload}/0?at=-1`, `/upload/${upload}/%30?at=3`]) expect([path, (await send(path, 'def')).status]).toEqual([path, 404])
    for (const path of ['/', '/call/app.info', '/artifact/x/y', '/uploads']) expect([path, (await send(path, 'x')).status]).toEqual([path, 405])
    expect(await replyOf(await send(piecePath(upload, 0, 3), 'def'))).toEqual({ ok: true, value: { received: 6 } })
    const [file] = await app.uploads.finish(upload)
    expect(readFileSync(file!, 'utf8')).toBe('abcdef')
  })

  it('tells an error of ours and shows nothing of it', async () => {
    const answer = await ask(`/artifact/${RUN}/broken`)
    expect([answer.status, await answer.text()]).toEqual([500, 'this could not be read\n'])
    expect(bugs).toMatchObject([{ message: 'a bug' }])
  })

  it('says so where the page is not built', async () => {
    const answer = await appProtocol({ app, renderer: join(folder, 'none'), unexpected: () => undefined })({ method: 'GET', url: 'app://scalewright/' })
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('npm run build')])
  })
})
