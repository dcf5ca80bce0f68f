import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { serve, type Served } from '../../main/serve.ts'
import { CSP_NONCE_PLACEHOLDER, CSRF_HEADER, decodeReply } from '../../preload/contract/index.ts'
import { openPage, type PageBrowser } from '../fixtures/page-browser.ts'
import { rawHttp } from '../fixtures/raw-http.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

describe('the served page', () => {
  const folder = temporaryFolder()
  const renderer = join(folder, 'renderer')
  let app: App
  let page: Served
  let port: number
  let token: string
  let browser: PageBrowser
  const bugs: unknown[] = []

  beforeAll(async () => {
    await mkdir(join(renderer, 'assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'secret')
    await writeFile(join(folder, 'secret.html'), 'secret')
    await writeFile(join(renderer, 'index.html'), `<!doctype html><meta property="csp-nonce" nonce="${CSP_NONCE_PLACEHOLDER}"><p>page</p>`)
    await writeFile(join(renderer, 'assets', 'main-0a1b2c3d.js'), 'export {}')
    await writeFile(join(renderer, '.env'), 'secret')
    await symlink(join(folder, 'secret.html'), join(renderer, 'link.html'))
    await symlink(folder, join(renderer, 'up'))
    app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder })
  })
  // Each test begins with a server of its own: wrong tokens are counted.
  beforeEach(async () => {
    await page?.close()
    page = await serve(app, { port: 0, allowWrite: true, folder, renderer, unexpected: (error) => bugs.push(error) })
    const url = new URL(page.url)
    port = Number(url.port)
    token = url.hash.slice('#t='.length)
    browser = await openPage(page.url)
  })
  afterAll(async () => {
    await page.close()
    await app.close()
  })

  const own = (): string => `127.0.0.1:${port}`
  type Headers = Readonly<Record<string, string>>
  /** A request of the page itself, except for what is changed. undefined takes a header away. */
  const send = (line: string, changes: Readonly<Record<string, string | undefined>> = {}, body = '') => {
    const headers = { Host: own(), Origin: `http://${own()}`, Cookie: browser.cookie(), [CSRF_HEADER]: browser.csrf, 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close', ...changes }
    const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
    return rawHttp(port, `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  }
  const info = (changes: Readonly<Record<string, string | undefined>> = {}) => send('POST /call/app.info', changes, '{}')
  const expectRefused = async (answer: Promise<{ status: number; headers: Headers; body: string }>, status: number | readonly number[], what: string): Promise<void> => {
    const { status: got, headers, body } = await answer
    expect([status].flat(), what).toContain(got)
    expect(body, what).not.toContain('secret')
    expect(headers['access-control-allow-origin'], what).toBeUndefined()
    expect(headers['set-cookie'], what).toBeUndefined()
  }

  it('answers itself', async () => {
    expect((await info()).status).toBe(200)
    expect((await info({ Host: `localhost:${port}`, Origin: `http://localhost:${port}` })).status).toBe(200)
    expect((await browser.call('app.info', {})).writable).toBe(true)
  })

  it('refuses other hosts before anything else (20)', async () => {
    const hosts = [
      'evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `localhost.evil.example:${port}`, `${own()}@evil.example`, `evil.example#${own()}`,
      '127.0.0.1', 'localhost', '127.0.0.1:1', `0.0.0.0:${port}`, `127.0.0.2:${port}`, `2130706433:${port}`, `0x7f.1:${port}`, `localhost.:${port}`, `[::ffff:127.0.0.1]:${port}`, '', `${own()},evil.example`, `192.168.0.1:${port}`,
    ]
    for (const host of hosts) {
      await expectRefused(send('GET /', { Host: host }), [403, 400], `GET, Host ${host}`)
      await expectRefused(info({ Host: host, Origin: `http://${host}` }), [403, 400], `POST, Host ${host}`)
    }
    await expectRefused(rawHttp(port, `GET / HTTP/1.1\r\nHost: ${own()}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`), [403, 400], 'two hosts')
    await expectRefused(rawHttp(port, 'GET / HTTP/1.0\r\n\r\n'), 403, 'no host')
  })

  it('refuses other origins (14)', async () => {
    const origins = [
      undefined, 'null', '', 'http://evil.example', `http://evil.example:${port}`, `https://${own()}`, 'http://127.0.0.1', 'http://127.0.0.1:1', `http://localhost:${port}`, `http://${own()}.evil.example`,
      `http://${own()}/`, `http://user@${own()}`, 'file://', `HTTP://${own()}`,
    ]
    for (const origin of origins) await expectRefused(info({ Origin: origin }), 403, `Origin ${origin}`)
    for (const origin of origins.slice(1)) {
      await expectRefused(send('GET /events', { Origin: origin }), 403, `events, Origin ${origin}`)
      await expectRefused(send('GET /session', { Origin: origin }), 403, `session, Origin ${origin}`)
    }
  })

  it('refuses what the browser says comes from elsewhere (4 × 5)', async () => {
    for (const site of ['cross-site', 'same-site', 'cross-origin', '']) {
      const said = { 'Sec-Fetch-Site': site }
      await expectRefused(info(said), 403, `call ${site}`)
      await expectRefused(send('GET /events', said), 403, `events ${site}`)
      await expectRefused(send('GET /session', said), 403, `rejoin ${site}`)
      await expectRefused(send('GET /artifact/01ARZ3NDEKTSV4RRFFQ69G5FAV/picture', said), 403, `artifact ${site}`)
      await expectRefused(send('POST /session', said, JSON.stringify({ token })), 403, `join ${site}`)
    }
    expect((await info({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200)
  })

  it('refuses every token but its own, and rests after ten (16)', async () => {
    const wrong: unknown[] = ['', '0'.repeat(64), token.slice(1), `${token}0`, token.toUpperCase(), ` ${token}`, [token], { token }, null, 0, true]
    for (const one of wrong) await expectRefused(send('POST /session', {}, JSON.stringify({ token: one })), [400, 401], `token ${JSON.stringify(one)}`)
    for (const body of ['', 'null', '[]', token, `{"token":"${token}"`]) await expectRefused(send('POST /session', {}, body), 400, `body ${body}`)
    const tries = await Promise.all(Array.from({ length: 20 }, () => send('POST /session', {}, JSON.stringify({ token: 'f'.repeat(64) }))))
    expect(tries.filter(({ status }) => status === 401).length).toBe(4)
    expect(tries.filter(({ status }) => status === 429).length).toBe(16)
    await expectRefused(send('POST /session', {}, JSON.stringify({ token })), 429, 'even the right one waits')
    expect((await info()).status, 'who is in stays in').toBe(200)
  })

  it('never takes the token anywhere else (4)', async () => {
    const out = { Cookie: undefined }
    await expectRefused(send(`GET /session?t=${token}`, out), 401, 'in the address')
    await expectRefused(send('POST /call/app.info', { ...out, Authorization: `Bearer ${token}` }, '{}'), 401, 'as a bearer')
    await expectRefused(send(`POST /call/app.info?token=${token}`, out, '{}'), 401, 'in the query')
    await expectRefused(send('POST /call/app.info', { Cookie: `scalewright-${port}=${token}` }, '{}'), 401, 'as a cookie')
  })

  it('gives a cookie that no script and no other site can use', async () => {
    const answer = await send('POST /session', { Cookie: undefined }, JSON.stringify({ token }))
    expect(answer.headers['set-cookie']).toMatch(new RegExp(`^scalewright-${port}=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict$`))
    expect(answer.body).not.toContain(token)
    expect(answer.body).not.toContain(/=([0-9a-f]{64})/.exec(answer.headers['set-cookie']!)![1]!)
  })

  it('refuses other cookies and calls without the csrf word (13)', async () => {
    const value = browser.cookie().split('=')[1]!
    const cookies = [undefined, '', 'a=b', `scalewright-${port}=`, `scalewright-${port}=${'0'.repeat(64)}`, `scalewright-${port}=${value}0`, `scalewright-1=${value}`, `xscalewright-${port}=${value}`]
    for (const cookie of cookies) {
      await expectRefused(info({ Cookie: cookie }), 401, `cookie ${cookie}`)
      await expectRefused(send('GET /events', { Cookie: cookie }), 401, `events, cookie ${cookie}`)
      await expectRefused(send('GET /session', { Cookie: cookie }), 401, `session, cookie ${cookie}`)
    }
    for (const csrf of [undefined, '', '0'.repeat(64), `${browser.csrf}0`, token]) await expectRefused(info({ [CSRF_HEADER]: csrf }), 403, `csrf ${csrf}`)
    expect((await info({ Cookie: `a=b; ${browser.cookie()}; c=d` })).status).toBe(200)
  })

  it('forgets everyone when it is started anew', async () => {
    const [old, csrf] = [browser.cookie(), browser.csrf]
    await page.close()
    page = await serve(app, { port: 0, allowWrite: true, folder, renderer })
    port = Number(new URL(page.url).port)
    await expectRefused(info({ Cookie: `scalewright-${port}=${old.split('=')[1]}`, [CSRF_HEADER]: csrf }), 401, 'a cookie of before')
    expect(new URL(page.url).hash).not.toBe(`#t=${token}`)
  })

  it('refuses other methods, and what a form could send (22)', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      for (const path of ['/', '/call/app.info', '/session']) await expectRefused(send(`${method} ${path}`), 405, `${method} ${path}`)
    }
    await expectRefused(rawHttp(port, `CONNECT evil.example:443 HTTP/1.1\r\nHost: ${own()}\r\n\r\n`), [0, 400, 403, 405], 'CONNECT')
    await expectRefused(send('GET /call/app.info'), 405, 'GET of a call')
    for (const path of ['/events', '/artifact/01ARZ3NDEKTSV4RRFFQ69G5FAV/picture']) await expectRefused(send(`POST ${path}`, {}, '{}'), 405, `POST ${path}`)
    await expectRefused(send('POST /', {}, '{}'), 404, 'POST /')
    const types = [undefined, '', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain; application/json', 'application/json; charset=utf-16', 'application/jsonx']
    for (const type of types) {
      await expectRefused(info({ 'Content-Type': type }), 415, `type ${type}`)
      await expectRefused(send('POST /session', { 'Content-Type': type }, JSON.stringify({ token })), 415, `session, type ${type}`)
    }
    await expectRefused(info({ 'Content-Encoding': 'gzip' }), 415, 'a packed body')
  })

  it('upgrades to nothing (2)', async () => {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' }
    await expectRefused(send('GET /events', upgrade), [0, 400], 'WebSocket')
    await expectRefused(send('GET /', { ...upgrade, Upgrade: 'h2c' }), [0, 400], 'h2c')
  })

  it('leads out of its folder by no spelling of a path (36)', async () => {
    const paths = [
      '/../secret.txt', '/../secret.html', '/assets/../../secret.html', '/..%2fsecret.html', '/%2e%2e/secret.html', '/%2e%2e%2fsecret.html', '/..%5csecret.html', '/..\\secret.html', '/%252e%252e%252fsecret.html',
      '/....//secret.html', '/./../secret.html', '/assets/%2e%2e/%2e%2e/secret.html', '/.env', '/%2eenv', '/link.html', '/up/secret.html', '/up/', '/assets', '/assets/', '/index.html/', '/index.html%00.js', '/index.html%00',
      '/INDEX.HTML', '/c:/windows/win.ini', '/file:///etc/passwd', '/etc/passwd', '/~root', '/index.html::$DATA', '/assets//main-0a1b2c3d.js', '/%c0%ae%c0%ae/secret.html', '/%', '/%zz',
    ]
    for (const path of paths) await expectRefused(send(`GET ${path}`), [400, 404], path)
    for (const target of ['//evil.example/', '/\\evil.example', `http://evil.example/`, 'index.html', '*', `http://${own()}/`]) await expectRefused(send(`GET ${target}`), 400, target)
    for (const path of ['/..\\secret.html', '/assets\\main-0a1b2c3d.js', '/x y', '/é']) await expectRefused(send(`GET ${path}`), 400, path)
    const run = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
    for (const path of [`/artifact/../../secret.txt`, `/artifact/${run}/../../secret.txt`, `/artifact/${run}/%2e%2e`, `/artifact/${run}/picture`, '/artifact/', `/artifact/${run}/`, `/artifact/x/${'y'.repeat(100)}`, '/artifact/__proto__/picture', '/export/', '/export/../scalewright.db', '/export/%2e%2e', '/export/scalewright-history-20260101-000000-00000000.zip', '/export/x/y']) {
      await expectRefused(send(`GET ${path}`), 404, path)
    }
  })

  it('reads no more than it must (7)', async () => {
    await expectRefused(info({ 'Content-Length': String(2 ** 40) }), 413, 'a promise of a terabyte')
    await expectRefused(send('POST /session', {}, JSON.stringify({ token, more: 'x'.repeat(5000) })), 413, 'a long session body')
    await expectRefused(send('POST /call/app.info', {}, JSON.stringify({ x: 'x'.repeat(1 << 20) })), 413, 'a long call')
    await expectRefused(rawHttp(port, `POST /call/app.info HTTP/1.1\r\nHost: ${own()}\r\nOrigin: http://${own()}\r\nCookie: ${browser.cookie()}\r\n${CSRF_HEADER}: ${browser.csrf}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(20)}0\r\n\r\n`), [413, 0], 'pieces without end')
    await expectRefused(send('GET /', { 'X-Long': 'x'.repeat(20_000) }), 431, 'long headers')
    await expectRefused(send('POST /call/app.info', {}, '{'), 400, 'half a body')
    await expectRefused(rawHttp(port, `POST /call/app.info HTTP/1.1\r\nHost: ${own()}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`), [400, 0], 'two lengths')
    const deep = await send('POST /call/recipe.check', {}, `{"text":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)
    expect(deep.status).toBe(400)
  })

  it('keeps at most 64 connections, and serves again when they are gone', async () => {
    const sockets = Array.from({ length: 80 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
    await expect.poll(() => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length, { timeout: 5000 }).toBeGreaterThanOrEqual(16)
    for (const socket of sockets) socket.destroy()
    await expect.poll(async () => (await info()).status, { timeout: 2000 }).toBe(200)
  })

  it('listens on loopback alone', async () => {
    const outside = Object.values(networkInterfaces()).flat().find((address) => address?.family === 'IPv4' && !address.internal)?.address
    if (outside === undefined) return console.warn('SKIPPED: no other network address on this machine')
    await expect(new Promise((resolve, reject) => httpRequest({ host: outside, port, headers: { Host: own() } }, resolve).on('error', reject).end())).rejects.toThrow(/ECONNREFUSED/)
  })

  it('puts its headers on every answer, and a policy without a hole on the page', async () => {
    const answers = { page: await send('GET /'), script: await send('GET /assets/main-0a1b2c3d.js'), missing: await send('GET /none.js'), call: await info(), refused: await send('GET /', { Host: 'evil.example' }), session: await send('GET /session') }
    for (const [name, { headers }] of Object.entries(answers)) {
      expect(headers, name).toMatchObject({
        'x-content-type-options': 'nosniff', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-resource-policy': 'same-origin', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY',
      })
      expect(headers['content-security-policy'], name).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      expect(headers['content-security-policy'], name).not.toMatch(/unsafe|\*|https?:/)
      expect(Object.keys(headers).filter((header) => header.startsWith('access-control')), name).toEqual([])
      expect(headers['cache-control'], name).toMatch(name === 'script' ? /private.*immutable/ : /^no-store$/)
    }
    const nonces = await Promise.all([1, 2].map(async () => {
      const { headers, body } = await send('GET /')
      const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(headers['content-security-policy']!)![1]!
      expect(body).toContain(`nonce="${nonce}"`)
      return nonce
    }))
    expect(nonces[0]).not.toBe(nonces[1])
    expect((await send('HEAD /')).body).toBe('')
  })

  it('says in the envelope what is wrong with a call', async () => {
    for (const [line, body, status, code] of [
      ['POST /call/none', '{}', 404, 'input.unknown-call'], ['POST /call/__proto__', '{}', 404, 'input.unknown-call'], ['POST /call/', '{}', 404, 'input.unknown-call'],
      ['POST /call/runs.show', '{"run":1}', 400, 'input.bad-request'], ['POST /call/runs.show', 'null', 400, 'input.bad-request'], ['POST /call/runs.show', '{"run":"none"}', 200, 'input.unknown-run'],
    ] as const) {
      const answer = await send(line, {}, body)
      expect(answer.status, line).toBe(status)
      expect(decodeReply(Buffer.from(answer.body, 'latin1')), line).toMatchObject({ ok: false, fault: { code } })
    }
  })

  it('met no error of its own in all of this', () => {
    expect(bugs).toEqual([])
  })

  it('says that the page is not built where it is not, and which port is taken', async () => {
    const bare = await serve(app, { port: 0, allowWrite: false, folder, renderer: join(folder, 'none') })
    const { status, body } = await rawHttp(Number(new URL(bare.url).port), `GET / HTTP/1.1\r\nHost: ${new URL(bare.url).host}\r\nConnection: close\r\n\r\n`)
    expect([status, body]).toEqual([503, expect.stringContaining('npm run build')])
    await bare.close()
    await expect(serve(app, { port, allowWrite: false, folder, renderer })).rejects.toMatchObject({ code: 'input.port-taken', where: `port ${port}` })
  })
})
