import { describe, expect, test } from 'vitest'
import { parseCoco, parseVoc, parseYolo } from '../../../main/compare/detection/labels.ts'

const fault = (where: string, what: RegExp) => expect.objectContaining({ code: 'samples.labels', where, what: expect.stringMatching(what), next: expect.stringMatching(/\w/) })

describe('YOLO', () => {
  test('shares of the picture become pixels; empty lines and an empty file are nothing', () => {
    expect(parseYolo('2 0.5 0.25 0.2 0.5\r\n\n', 'a.txt', [40, 100])).toEqual([{ label: 2, x1: 40, y1: 0, x2: 60, y2: 20, ignored: false, crowd: false }])
    expect(parseYolo('\n', 'a.txt', [40, 100])).toEqual([])
  })

  test.each([
    ['0 0.5 0.5 0.1', /4 values, not 5/], ['0 0.5 0.5 0.1 0.1 0.9', /6 values/], ['cat 0.5 0.5 0.1 0.1', /«cat» is not a class number/], ['-1 0.5 0.5 0.1 0.1', /«-1» is not/],
    ['0 0.5 1.5 0.1 0.1', /«1.5» is not a share/], ['0 x 0.5 0.1 0.1', /«x» is not a share/], ['0 0.5 0.5 0 0.1', /no area/],
  ])('%s is refused with its line', (line, what) => {
    expect(() => parseYolo(`0 0.5 0.5 0.1 0.1\n${line}`, 'a.txt', [10, 10])).toThrow(fault('a.txt:2', what))
  })
})

const VOC = `<?xml version="1.0"?>
<annotation>
  <!-- <object> -->
  <filename>a.jpg</filename>
  <object><name>dog &amp; cat</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>10</xmax><ymax>20</ymax></bndbox></object>
  <object>
    <name>cow</name>
    <part><name>head</name><bndbox><xmin>3</xmin></bndbox></part>
    <bndbox><xmin>5.5</xmin><ymin>6</ymin><xmax>7</xmax><ymax>8</ymax></bndbox>
  </object>
</annotation>
`

describe('Pascal VOC', () => {
  test('pixels count from 1, difficult ones are ignored', () => {
    expect(parseVoc(VOC, 'a.xml', ['cow', 'dog & cat'])).toEqual([
      { label: 1, x1: 0, y1: 1, x2: 9, y2: 19, ignored: true, crowd: false }, { label: 0, x1: 4.5, y1: 5, x2: 6, y2: 7, ignored: false, crowd: false },
    ])
  })

  test('what is wrong is refused with its line', () => {
    const read = (text: string) => () => parseVoc(text, 'a.xml', ['cow', 'dog & cat'])
    expect(() => parseVoc(VOC, 'a.xml', ['cows', 'dog & cat'])).toThrow(expect.objectContaining({ where: 'a.xml:7', what: '«cow» is no class', next: 'Did you mean cows or dog & cat?' }))
    expect(read(VOC.replace('<xmax>7</xmax>', ''))).toThrow(fault('a.xml:9', /<bndbox> has no <xmax>/))
    expect(read(VOC.replace('5.5', 'left'))).toThrow(fault('a.xml:9', /«left» is no number/))
    expect(read(VOC.replace('<xmax>7', '<xmax>2'))).toThrow(fault('a.xml:9', /ends before it begins/))
    expect(read(VOC.replace('</annotation>', ''))).toThrow(fault('a.xml:2', /<annotation> is never closed/))
    expect(read(VOC.replace('</object>', '</objekt>'))).toThrow(fault('a.xml:5', /<\/objekt> closes what is not open/))
    expect(read('hello')).toThrow(fault('a.xml:1', /no <annotation>/))
  })
})

describe('COCO', () => {
  const data = {
    images: [{ id: 7, file_name: 'a.jpg' }, { id: 9, file_name: 'b.jpg' }], categories: [{ id: 18, name: 'dog' }, { id: 3, name: 'car' }],
    annotations: [{ image_id: 7, category_id: 18, bbox: [1, 2, 3, 4] }, { image_id: 7, category_id: 3, bbox: [0, 0, 9, 9], iscrowd: 1 }],
  }
  const read = (change: object, classes?: string[]) => parseCoco(JSON.stringify({ ...data, ...change }), 'i.json', classes)

  test('classes in order of category ids, or by name; a picture without boxes has none', () => {
    expect([...read({})]).toEqual([
      ['a.jpg', [{ label: 1, x1: 1, y1: 2, x2: 4, y2: 6, ignored: false, crowd: false }, { label: 0, x1: 0, y1: 0, x2: 9, y2: 9, ignored: true, crowd: true }]], ['b.jpg', []],
    ])
    expect(read({}, ['dog', 'car']).get('a.jpg')!.map(({ label }) => label)).toEqual([0, 1])
  })

  test('what is wrong is refused where it stands', () => {
    expect(() => parseCoco('{', 'i.json')).toThrow(fault('i.json', /no JSON/))
    expect(() => parseCoco('[]', 'i.json')).toThrow(fault('i.json', /no list «categories»/))
    expect(() => read({ annotations: [{ image_id: 8, category_id: 3, bbox: [1, 1, 1, 1] }] })).toThrow(fault('i.json: annotations[0]', /no image 8/))
    expect(() => read({ annotations: [{ image_id: 7, category_id: 4, bbox: [1, 1, 1, 1] }] })).toThrow(fault('i.json: annotations[0]', /no category 4/))
    expect(() => read({ annotations: [{ image_id: 7, category_id: 3, bbox: [1, 1, 1] }] })).toThrow(fault('i.json: annotations[0]', /«bbox» is not four numbers/))
    expect(() => read({ annotations: [{ image_id: 7, category_id: 3, bbox: [1, 1, -1, 1] }] })).toThrow(fault('i.json: annotations[0]', /ends before it begins/))
    expect(() => read({ images: [{ id: 7 }] })).toThrow(fault('i.json: images[0]', /«file_name» is no text/))
    expect(() => read({}, ['cat', 'dog'])).toThrow(fault('i.json: categories', /«car» is no class/))
  })
})
