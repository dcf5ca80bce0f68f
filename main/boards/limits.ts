import type { Graph } from '../onnx/graph.ts'
import type { BoardProfile, Fact, Span } from './profile.ts'

export interface LimitCheck {
  /** As in the profile: `opset`, `dimension`, `dynamicShapes` … */
  readonly limit: string
  readonly state: 'met' | 'broken' | 'unknown'
  /** A sentence with what the model has and what the board takes; and in Chinese. */
  readonly what: string
  readonly zh: string
  readonly source: string | null
}

type Tested = Pick<LimitCheck, 'state' | 'what' | 'zh'>

/** The model as a whole against what the board states; kernels, strides and their like are judged node by node. */
export function checkLimits(graph: Graph, { limits, names }: BoardProfile): LimitCheck[] {
  const check = <T>(limit: string, fact: Fact<T>, test: (is: T) => Tested): LimitCheck =>
    fact.is === 'unknown' ? { limit, state: 'unknown', what: 'no document states it', zh: '没有文档说明', source: null } : { limit, ...test(fact.is as T), source: fact.source }
  const dims = [...graph.values.values()].flatMap(({ dims: sizes }) => sizes ?? []).filter((size) => typeof size === 'number')
  const most = (label: string, zh: string, has: number) => (is: number): Tested => ({ state: has <= is ? 'met' : 'broken', what: `${label} ${has}, at most ${is}`, zh: `${zh} ${has}，至多 ${is}` })
  const within = (label: string, zh: string, has: number) => (is: Span): Tested =>
    ({ state: has >= is.min && has <= (is.max ?? Infinity) ? 'met' : 'broken', what: `${label} ${has}, taken are ${is.min}..${is.max ?? ''}`, zh: `${zh} ${has}，支持 ${is.min}..${is.max ?? ''}` })
  const open = graph.inputs.filter(({ dims: sizes }) => sizes === null || sizes.some((size) => typeof size !== 'number'))
  const batches = graph.inputs.map(({ dims: sizes }) => sizes?.[0]).filter((size) => typeof size === 'number')
  return [
    check('opset', limits.opset, within('opset', 'opset', graph.opsets.get('') ?? 0)),
    check('irVersion', limits.irVersion, within('IR version', 'IR 版本', graph.irVersion)),
    check('dynamicShapes', limits.dynamicShapes, (is) => ({
      state: is || open.length === 0 ? 'met' : 'broken',
      what: open.length === 0 ? 'all sizes of the inputs are fixed' : `${open.map(({ name }) => `'${name}'`).join(', ')} ${open.length === 1 ? 'has a size' : 'have sizes'} that ${open.length === 1 ? 'is' : 'are'} not fixed`,
      zh: open.length === 0 ? '输入的所有尺寸都是固定的' : `${open.map(({ name }) => `“${name}”`).join('、')} 的尺寸不固定`,
    })),
    check('dimension', limits.dimension, most('the greatest dimension is', '最大维度为', Math.max(0, ...dims))),
    check('rank', limits.rank, most('dimensions', '维数', Math.max(0, ...[...graph.values.values()].map(({ dims: sizes }) => sizes?.length ?? 0)))),
    check('batch', limits.batch, (is) => (batches.length === 0 ? { state: 'unknown', what: 'the batch is not fixed', zh: '批大小不固定' } : most('the batch is', '批大小为', Math.max(...batches))(is))),
    check('names', names.refused, (is) => {
      const wrong = namesWith(graph, is)
      return { state: wrong.length === 0 ? 'met' : 'broken', what: wrong.length === 0 ? 'no name holds a character that its tools break on' : `${wrong.length} names hold ${is.map((char) => JSON.stringify(char)).join(' or ')}, the first is '${wrong[0]!}'`, zh: wrong.length === 0 ? '没有名称含有其工具无法处理的字符' : `${wrong.length} 个名称含有 ${is.map((char) => JSON.stringify(char)).join(' 或 ')}，第一个是“${wrong[0]!}”` }
    }),
  ]
}

const namesWith = (graph: Graph, refused: readonly string[]): string[] =>
  [...new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs])])].filter((name) => refused.some((char) => name.includes(char)))
