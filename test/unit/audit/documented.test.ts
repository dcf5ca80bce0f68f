import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const PROJECT = join(import.meta.dirname, '../../..')
const RULES = ['T01', 'T02', 'T03', 'S01', 'S02', 'S03', 'S04', 'S05', 'S06', 'S07', 'S08', 'R01', 'R02', 'R03', 'P01', 'P02', 'P03', 'P04', 'P05', 'D01', 'D02', 'D03', 'D04']

it('every rule of the audit is raised somewhere and has its line in docs/findings.md', () => {
  const room = join(PROJECT, 'main/audit')
  const code = readdirSync(room).map((name) => readFileSync(join(room, name), 'utf8')).join('\n')
  const page = readFileSync(join(PROJECT, 'docs/findings.md'), 'utf8')
  const raised = new Set([...code.matchAll(/finding\('([A-Z]\d\d)'/g)].map(([, rule]) => rule))
  expect(raised).toEqual(new Set(RULES))
  expect(RULES.filter((rule) => !page.includes(`| SW-${rule} |`))).toEqual([])
})
