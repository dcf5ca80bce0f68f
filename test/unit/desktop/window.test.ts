import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fittingBounds, keepBounds, readBounds } from '../../../main/desktop/bounds.ts'
import { linkTo, pathsIn, readWords } from '../../../main/desktop/hand-over.ts'
import { menuTemplate } from '../../../main/desktop/menu.ts'
import { isOwnPage } from '../../../main/desktop/own-page.ts'
import { restarts } from '../../../main/desktop/restarts.ts'
import { isRecipePath } from '../../../main/recipe/read-recipe.ts'
import { textsFor } from '../../../main/desktop/texts.ts'
import { BACKGROUND, windowOptions } from '../../../main/desktop/window-options.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()

describe('the command line of the window', () => {
  const at = (path: string): string => resolve(folder, path)
  it('names a workspace and files; everything else is passed over', () => {
    expect(readWords([], folder)).toEqual({ paths: [], cli: false })
    expect(readWords(['a.onnx', '--workspace', 'space', 'B.ONNX', 'c.qproj', 'd.exe', 'folder'], folder)).toEqual({ workspace: at('space'), paths: [at('a.onnx'), at('B.ONNX'), at('c.qproj')], cli: false })
    expect(readWords(['--workspace=space', '--no-sandbox', '--enable-logging=stderr', '-psn_0_123', '--', 'x.onnx'], folder)).toEqual({ workspace: at('space'), paths: [at('x.onnx')], cli: false })
    expect(readWords(['--cli', 'inspect', 'x.onnx'], folder).cli).toBe(true)
  })

  it('hands paths to the window that is open already, and to a place of the page', () => {
    expect(pathsIn({ paths: ['/a.onnx', '/b.exe', 3, '/c.qproj'] })).toEqual(['/a.onnx', '/c.qproj'])
    for (const nothing of [undefined, null, 3, 'x', [], {}, { paths: 'x.onnx' }]) expect(pathsIn(nothing)).toEqual([])
    const link = linkTo('/models/a b#?&%.onnx')
    expect(isOwnPage(link)).toBe(true)
    expect(new URLSearchParams(new URL(link).hash.split('?')[1]).get('path')).toBe('/models/a b#?&%.onnx')
  })
})

describe('a project file', () => {
  it('is a recipe under a name of ours, also in a terminal', () => {
    expect([isRecipePath('a.qproj'), isRecipePath('A.QPROJ'), isRecipePath('a.onnx')]).toEqual([true, true, false])
  })
})

describe('the window stands', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1040 }, { x: 1920, y: 0, width: 1280, height: 700 }]
  it.each([
    ['for the first time', null, { width: 1440, height: 900 }],
    ['where it stood', { x: 100, y: 50, width: 1200, height: 800 }, { x: 100, y: 50, width: 1200, height: 800 }],
    ['on the second display, no larger than that', { x: 1950, y: 10, width: 1600, height: 900 }, { x: 1950, y: 10, width: 1280, height: 700 }],
    ['where the system likes, once its display is gone', { x: 5000, y: 10, width: 1600, height: 900 }, { width: 1600, height: 900 }],
    ['where it can be taken hold of', { x: -1190, y: 0, width: 1200, height: 800 }, { width: 1200, height: 800 }],
  ])('%s', (_how, kept, bounds) => expect(fittingBounds(kept, screens)).toEqual(bounds))

  it('on a display that is small', () => {
    expect(fittingBounds(null, [{ x: 0, y: 0, width: 1024, height: 700 }])).toEqual({ width: 1024, height: 700 })
    expect(fittingBounds(null, [])).toEqual({ width: 1440, height: 900 })
  })

  it('where it was when it was closed, and a file that is not ours is no reason to fail', async () => {
    const path = join(folder, 'window.json')
    expect(await readBounds(path)).toBeNull()
    const bounds = { x: -10, y: 20, width: 1000, height: 700 }
    await keepBounds(path, { ...bounds, id: 7 } as typeof bounds)
    expect(await readBounds(path)).toEqual(bounds)
    for (const text of ['', '{', '[]', '3', 'null', '{"x":1,"y":2}', '{"x":0,"y":0,"width":-1,"height":5}', '{"x":0.5,"y":0,"width":1,"height":5}']) {
      writeFileSync(path, text)
      expect([text, await readBounds(path)]).toEqual([text, null])
    }
    mkdirSync(join(folder, 'is-a-folder'))
    await expect(readBounds(join(folder, 'is-a-folder'))).rejects.toThrow('EISDIR')
  })
})

describe('the window', () => {
  const tokens = readFileSync(new URL('../../../renderer/theme/tokens.css', import.meta.url), 'utf8')
  it.each(['dark', 'light'] as const)('has the background of the %s page, and is shown once that is drawn', (theme) => {
    const [, block] = new RegExp(`scheme='${theme}'\\] \\{([^}]*)\\}`).exec(tokens)!
    expect(block).toContain(`--back: ${BACKGROUND[theme]};`)
    const options = windowOptions({ bridge: 'b', dark: theme === 'dark', bounds: { width: 5, height: 6 }, development: false })
    expect(options).toMatchObject({ backgroundColor: BACKGROUND[theme], show: false, width: 5, height: 6 })
  })

  it('lets only a developer open the tools', () => {
    const facts = { bridge: 'b', dark: true, bounds: { width: 1, height: 1 } }
    expect([windowOptions({ ...facts, development: false }), windowOptions({ ...facts, development: true })].map((options) => options.webPreferences.devTools)).toEqual([false, true])
    const words = (development: boolean) => JSON.stringify(menuTemplate({ mac: false, development }))
    expect(words(false)).not.toMatch(/toggleDevTools|reload/)
    expect(words(true)).toMatch(/toggleDevTools/)
    expect(JSON.stringify(menuTemplate({ mac: true, development: false }))).toMatch(/appMenu.*editMenu.*zoomIn/)
  })

  it('is started again when it dies, unless it dies again and again', () => {
    let now = 0
    const may = restarts(3, () => now)
    expect([may(), may(), may(), may()]).toEqual([true, true, true, false])
    now = 61_000
    expect(may()).toBe(true)
  })

  it('says its few words in both languages', () => {
    expect(textsFor('zh-CN').stay).toBe('继续工作')
    expect(textsFor('de').stay).toBe('Keep working')
    expect(Object.keys(textsFor('zh'))).toEqual(Object.keys(textsFor('en')))
  })
})
