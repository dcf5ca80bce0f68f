import { expect, it } from 'vitest'
import { finding } from '../../../main/audit/finding.ts'
import { fixOf, joinedFixes, layerKey, rewriteFix, setFix } from '../../../main/audit/fix.ts'
import { parseAssignment } from '../../../main/recipe/changes.ts'

const found = (fix: string) => finding('T01', 'note', { what: '', why: '', fix })

it('a rewrite and a line of the recipe are read back from the words of a finding', () => {
  expect(fixOf({ fix: rewriteFix('resize-to-conv', 'Do: it.', { form: 'cascade' }) })).toEqual({ rewrite: { name: 'resize-to-conv', kind: 'rewrite', options: { form: 'cascade' } } })
  const assignment = `${layerKey('a "b": c\\d', 'bits')}=16`
  const fix = fixOf({ fix: setFix(assignment, 'Sixteen bits.') })
  expect(fix).toEqual({ set: [assignment] })
  expect(parseAssignment(fix!.set![0]!)).toMatchObject({ path: ['quantize', 'layers', 'a "b": c\\d', 'bits'], value: 16 })
  expect(fixOf({ fix: 'Calibrate again.' })).toBeUndefined()
})

it('a repair is called so, and is known as one where an earlier version called it a rewrite', () => {
  expect(rewriteFix('insert-clip', 'Clip.')).toBe('Repair `insert-clip`: Clip.')
  for (const fix of ['Repair `insert-clip`: Clip.', 'Rewrite `insert-clip`: Clip.']) expect(fixOf({ fix })).toEqual({ rewrite: { name: 'insert-clip', kind: 'repair', options: {} } })
})

it('a rewrite that does not exist is proposed in words only', () => {
  expect(rewriteFix('no-such', 'Put it behind.')).toBe('Put it behind.')
  expect(fixOf({ fix: 'Rewrite `no-such`: x' })).toBeUndefined()
})

it('fixes of several findings are joined once each, in the order of the rewrites', () => {
  const findings = [rewriteFix('insert-clip', 'a'), rewriteFix('resize-to-conv', 'b'), rewriteFix('resize-to-conv', 'c', { form: 'cascade' }), setFix('seed=1', 'd'), setFix('seed=1', 'e')].map(found)
  expect(joinedFixes(findings)).toEqual({ rewrites: [{ name: 'resize-to-conv', kind: 'rewrite', options: { form: 'cascade' } }, { name: 'insert-clip', kind: 'repair', options: {} }], set: ['seed=1'] })
})
