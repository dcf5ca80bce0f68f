import type { ModelGraph } from '../../../../preload/contract/index.ts'
import { pathOf, type Direction, type Layout } from './elk-graph.ts'
import { familyOf } from './families.ts'
import { GLYPHS, worstOf, type Mark, type Overlay } from './overlay.ts'
import { tensorLabel } from './summary.ts'

export interface GraphPicture {
  readonly graph: ModelGraph
  readonly layout: Layout
  readonly direction: Direction
  readonly folded: boolean
  readonly marks: ReadonlyMap<number, Mark>
  readonly overlay: Overlay
  /** Of the file, without its ending. */
  readonly name: string
}

const MARGIN = 24

/** The graph as one SVG file that stands alone, in the colours that are in force. `color` gives a token of the theme. */
export function svgOf({ graph, layout, direction, folded, marks, overlay }: GraphPicture, color: (token: string) => string): string {
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN]
  const text = (x: number, y: number, words: string, fill: string, more = ''): string => `<text x="${x}" y="${y}" fill="${color(fill)}" ${more}>${escaped(words)}</text>`
  const labels = new Map(layout.wires.map((wire) => [`${wire.from} ${wire.tensor}`, wire]))
  const shift = direction === 'down' ? [6, 14] : [8, -6]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" font-family="monospace" font-size="11">`,
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${height}" fill="${color('panel')}"/>`,
    ...layout.frames.map(({ x, y, width: w, height: h, group }) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="8" fill="none" stroke="${color('edge')}" stroke-dasharray="4 4"/>${text(x + 12, y + 22, group.name, 'muted')}`),
    ...layout.wires.map(({ points }) => `<path d="${pathOf(points)}" fill="none" stroke="${color('edge')}"/>`),
    ...[...labels.values()].map(({ points: [start], tensor }) => (start === undefined ? '' : text(start.x + shift[0]!, start.y + shift[1]!, tensorLabel(graph.tensors[tensor]!, folded), 'muted'))),
    ...layout.boxes.map((box) => {
      const mark = box.node === null ? (box.group === null ? undefined : worstOf(marks, box.group.nodes, overlay)) : marks.get(box.node)
      const family = box.kind === 'node' ? familyOf(box.title) : 'other'
      return [
        `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="6" fill="${color('raised')}" stroke="${color(mark === undefined || mark.tone === 'plain' ? 'edge' : mark.tone)}"/>`,
        `<rect x="${box.x}" y="${box.y}" width="4" height="${box.height}" rx="2" fill="${color(`family-${family}`)}"/>`,
        text(box.x + 12, box.y + 16, box.title, 'text', 'font-weight="bold"'),
        ...box.lines.map((line, index) => text(box.x + 12, box.y + 36 + index * 17, cut(line, box.width), 'muted')),
        mark === undefined ? '' : text(box.x + box.width + 6, box.y + 14, `${GLYPHS[mark.tone]} ${mark.text}`, mark.tone === 'plain' ? 'muted' : mark.tone),
      ].join('')
    }),
    '</svg>',
  ].join('\n')
}

const cut = (text: string, width: number): string => {
  const most = Math.floor((width - 18) / 6.65)
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

/** Names come from model files: they must not end the element that they stand in. Control characters are not allowed in XML. */
const escaped = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, '�').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
