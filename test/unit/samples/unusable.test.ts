import { describe, expect, it } from 'vitest'
import { Unusable } from '../../../main/samples/unusable.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

describe('Unusable', () => {
  it('names pictures in the order of their paths, in whatever order they failed', async () => {
    const unusable = new Unusable('folder', 4, 0)
    unusable.add('grey.png', 'folder/grey.png', 'samples.grey', 'it is grey')
    unusable.add('broken.png', 'folder/broken.png', 'samples.picture', 'it is broken')
    expect(unusable.list.map(({ sample }) => sample)).toEqual(['broken.png', 'grey.png'])
    const fault = await faultOf(async () => unusable.check(2))
    expect([fault.code, fault.what]).toEqual(['samples.picture', '2 of 4 pictures cannot be used: broken.png (it is broken); grey.png (it is grey)'])
  })

  it('counts a picture once, with its first reason', () => {
    const unusable = new Unusable('folder', 4, 0)
    unusable.add('a.png', 'folder/a.png', 'samples.grey', 'it is grey')
    unusable.add('a.png', 'folder/a.png', 'samples.picture', 'it is broken')
    expect(unusable.list).toEqual([{ sample: 'a.png', why: 'it is grey' }])
  })
})
