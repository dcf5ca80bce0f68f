import { describe, expect, it } from 'vitest'
import { markdownTable } from '../../../main/export/report.ts'
import type { ExportPreview } from '../../../preload/contract/index.ts'
import { countsOf, mendPlace } from '../../../renderer/features/export/check-state.ts'
import { firstFile, treeRows } from '../../../renderer/features/export/file-tree.ts'
import { diffLines } from '../../../renderer/features/export/line-diff.ts'
import { blocksOfReport } from '../../../renderer/features/export/report-blocks.ts'

type File = ExportPreview['files'][number]
const file = (path: string, change: File['change'] = 'same', size: File['size'] = 'exact'): File => ({ path, bytes: 10, size, text: path.endsWith('.md') ? 'text' : null, sha256: null, change })
const namesOf = (rows: ReturnType<typeof treeRows>): string[] => rows.map(({ depth, name, count }) => `${'  '.repeat(depth)}${name}${count === 0 ? '' : `/ ${count}`}`)

describe('the tree of a bundle', () => {
  const files = [file('README.md'), file('config/a.yaml', 'changed'), ...Array.from({ length: 20 }, (_, index) => file(`calibration/input/${String(index).padStart(3, '0')}.npy`, 'unknown', index === 0 ? 'exact' : 'about'))]

  it('has the files that lie above before the folders, what is gone in its place, and full folders shut', () => {
    expect(namesOf(treeRows(files, ['config/old.yaml'], new Set()))).toEqual(['README.md', 'calibration/ 20', 'config/ 2', '  a.yaml', '  old.yaml'])
    expect(treeRows(files, ['config/old.yaml'], new Set()).map(({ change }) => change)).toEqual(['same', null, null, 'changed', 'gone'])
  })

  it('opens and shuts by hand, and adds sizes up', () => {
    const rows = treeRows(files, [], new Set(['calibration/', 'calibration/input/', 'config/']))
    expect(namesOf(rows).slice(1, 4)).toEqual(['calibration/ 20', '  input/ 20', '    000.npy'])
    expect([namesOf(rows)[0], namesOf(rows).at(-1)]).toEqual(['README.md', 'config/ 1'])
    expect([rows[1]!.bytes, rows[1]!.size]).toEqual([200, 'about'])
    const sizes = (...kinds: File['size'][]): string => treeRows(kinds.map((kind, index) => file(`a/${index}`, 'new', kind)), [], new Set())[0]!.size
    expect([sizes('exact', 'exact'), sizes('exact', 'least'), sizes('most', 'exact', 'most'), sizes('most', 'least')]).toEqual(['exact', 'least', 'most', 'about'])
    expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length)
  })

  it('shows the README first, else what can be read', () => {
    expect([firstFile(files), firstFile([file('a.bin'), file('b.md')]), firstFile([])]).toEqual(['README.md', 'b.md', ''])
  })
})

describe('the report', () => {
  it('is read as it is written: every cell, whatever is in its name', () => {
    const rows = [['a|b', String.raw`c\d`, '中文 `x`'], ['', '<b>', '[1]_#*']]
    expect(blocksOfReport(`# T\\_1\n\n## Part\n\n${markdownTable({ head: ['', 'one', 'two'], rows })}`)).toEqual([
      { kind: 'title', text: 'T_1' }, { kind: 'head', text: 'Part' }, { kind: 'table', head: ['', 'one', 'two'], rows },
    ])
  })
})

describe('a check', () => {
  it('is counted by its state and leads to where it is mended', () => {
    const check = (id: string, state: 'ok' | 'note' | 'warning' | 'error') => ({ id, state, what: { en: '', zh: '' }, where: [] })
    expect(countsOf([check('opset', 'error'), check('names', 'warning'), check('gates', 'note'), check('ranges', 'ok')])).toEqual({ errors: 1, warnings: 1, fine: 1 })
    expect(['opset', 'operators', 'zero-range', 'signed', 'sample-count', 'gates'].map((id) => mendPlace(check(id, 'error'), 'R')?.to)).toEqual(['/model', '/rewrite', '/run/R/layers', '/calibrate?step=target', '/samples', '/run/R'])
    expect([mendPlace(check('opset', 'ok'), 'R'), mendPlace(check('quite-other', 'error'), 'R')]).toEqual([null, null])
  })
})

describe('the changes of a text', () => {
  const told = (before: string, after: string): string[] => diffLines(before, after).map((line) => (line.kind === 'skipped' ? `${line.count} equal` : `${{ same: ' ', gone: '-', new: '+' }[line.kind]}${line.text}`))
  const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`)

  it('are its lines that went and came, with those around them', () => {
    expect(told(lines(20).join('\n'), lines(20).with(10, 'other').join('\n'))).toEqual(['7 equal', ' line 7', ' line 8', ' line 9', '-line 10', '+other', ' line 11', ' line 12', ' line 13', '6 equal'])
    expect(told('a\nb\nc', 'b\nc\nd')).toEqual(['-a', ' b', ' c', '+d'])
    expect(told('', 'a')).toEqual(['-', '+a'])
  })
  it('give both texts back, whatever they are', () => {
    let seed = 7
    const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most
    for (let round = 0; round < 200; round++) {
      const [before, after] = [0, 1].map(() => Array.from({ length: 1 + random(6) }, () => 'abc'[random(3)]!).join('\n')) as [string, string]
      const found = diffLines(before, after)
      const of = (kinds: readonly string[]): string => found.flatMap((line) => (line.kind !== 'skipped' && kinds.includes(line.kind) ? [line.text] : [])).join('\n')
      if (before !== after) expect([of(['same', 'gone']), of(['same', 'new'])]).toEqual([before, after])
    }
  })
})
