import { judgeModel } from '../boards/judge.ts'
import { checkLimits } from '../boards/limits.ts'
import { topology } from '../onnx/topology.ts'
import { openSums } from '../quantize/open-sums.ts'
import { quantizableTensors } from './coverage.ts'
import { addsOnAccumulators, boardFixes, findingFixes, recipeBoard, roundedSumsFixes, widthFixes, withoutRewritesFixes } from './fixes.ts'
import { isActivation } from './record.ts'
import type { Bilingual, Check, Subject } from './subject.ts'
import type { ChosenFormat } from './formats/index.ts'
import { denormalCheck, few } from './formats/shared.ts'

/** What the job found besides the subject. */
export interface ReadinessFacts {
  /** Nodes that have no form in the opset that the board's tools read; empty where the model was or could be written in it. */
  readonly notLowered: readonly string[]
  /** Rules of failed gates that a person accepted, with the reason. */
  readonly waived: Readonly<Record<string, string>>
  /** Rewrites that have no proof: repairs, and those of a recipe that were never proved. */
  readonly unproved: readonly string[]
}

/** Everything that is looked at before a bundle is written, worst first. */
export function readiness(subject: Subject, formats: readonly ChosenFormat[], facts: ReadinessFacts): Check[] {
  const checks = [
    boardCheck(subject), ...limitChecks(subject, facts), ...operatorChecks(subject), bitsCheck(subject), missingCheck(subject), ...sumChecks(subject, formats), denormalCheck(subject.records),
    findingCheck(subject), ...gateChecks(subject, facts), ...proofChecks(subject, facts), sampleCheck(subject, formats),
    ...formats.flatMap(({ format, settings }) => format.checks(subject, settings)),
  ]
  const order: readonly Check['state'][] = ['error', 'warning', 'note', 'ok']
  return order.flatMap((state) => checks.filter((check) => check.state === state))
}

export const hasErrors = (checks: readonly Check[]): boolean => checks.some(({ state }) => state === 'error')

/** What a run was judged for: its findings, and the rewrites of `rewrite: auto`, are of that board. */
function boardCheck({ run, board }: Subject): Check {
  const own = recipeBoard(run)
  if (own === undefined || own === board.name) return { id: 'board', state: 'ok', where: [], what: { en: 'The run was made for this board.', zh: '该运行即为此板而做。' } }
  return {
    id: 'board', state: 'note', where: [], what: { en: `The run was made for ${own}.`, zh: `该运行是面向 ${own} 进行的。` },
    why: { en: `Findings, and rewrites that the recipe left to the board, are those for ${own}; everything else said here is of ${board.name}.`, zh: `审计结果以及配方交由板决定的改写按 ${own} 得出；此处其余各项均按 ${board.name} 检查。` },
    fix: { en: `Where that matters, ask for a run of the recipe with board: ${board.name}.`, zh: `如有影响，请以 board: ${board.name} 重新运行配方。` }, fixes: boardFixes(board.name),
  }
}

const LIMIT_FIXES: Readonly<Record<string, Bilingual>> = {
  dynamicShapes: { en: 'Export the model with fixed sizes.', zh: '请以固定尺寸导出模型。' },
  batch: { en: 'Export the model with a batch of 1.', zh: '请以批大小 1 导出模型。' },
  dimension: { en: 'Calibrate and export at a smaller picture size.', zh: '请以更小的图像尺寸校准与导出。' },
  names: { en: 'Export the model again with plain names (letters, digits, /, ., _, -).', zh: '请以普通名称（字母、数字、/、.、_、-）重新导出模型。' },
}

/** Limits of the profile; opset and IR version are those of the model as the bundle holds it. */
function limitChecks({ graph, board }: Subject, { notLowered }: ReadinessFacts): Check[] {
  const opset = `opset ${graph.opsets.get('') ?? 0}, IR ${graph.irVersion}`
  return checkLimits(graph, board).filter(({ state, limit }) => state !== 'unknown' || limit === 'opset').map(({ limit, state, what, zh, source }): Check => {
    if (state !== 'broken') {
      const known = limit === 'opset' ? { en: `The model is written in ${opset}.`, zh: `模型以 ${opset} 写成。` } : { en: what, zh }
      return { id: limit, state: 'ok', what: known, where: [] }
    }
    const document = source === null ? '' : (board.sources[source]?.document ?? source)
    const isOpset = limit === 'opset' || limit === 'irVersion'
    return {
      id: limit, state: limit === 'names' ? 'warning' : 'error', where: isOpset ? few(notLowered) : [],
      what: { en: what, zh }, why: { en: `The board's tools state it: ${document}.`, zh: `该板工具的文档如此说明：${document}。` },
      fix: isOpset
        ? { en: notLowered.length === 0 ? 'Export the model with an older opset.' : 'These nodes have no form in the older opset: rewrite or replace them.', zh: notLowered.length === 0 ? '请以较旧的 opset 导出模型。' : '这些节点在旧 opset 中没有对应形式：请改写或替换。' }
        : (LIMIT_FIXES[limit] ?? { en: 'Change the model.', zh: '请修改模型。' }),
    }
  })
}

/** Operators that the board computes in no precision are an error, those that it lacks in 8 bits are told. */
function operatorChecks({ graph, board }: Subject): Check[] {
  const rows = judgeModel(graph, board)
  const stateOf = (row: (typeof rows)[number], precision: string) => row.verdicts.find((verdict) => verdict.precision === precision)!.state
  const nowhere = rows.filter((row) => ['int8', 'int16', 'float16', 'float32'].every((precision) => stateOf(row, precision) === 'missing'))
  const notInCodes = rows.filter((row) => stateOf(row, 'int8') === 'missing' && !nowhere.includes(row))
  const names = (some: typeof rows): readonly string[] => few(some.flatMap(({ nodes }) => nodes))
  const kinds = (some: typeof rows): string => [...new Set(some.map(({ op }) => op))].join(', ')
  const ok: Check = { id: 'operators', state: 'ok', where: [], what: { en: 'No document says that an operator of this model is missing on the board.', zh: '没有文档说明该板缺少此模型的算子。' } }
  const checks: Check[] = [
    ...(nowhere.length === 0 ? [] : [{
      id: 'operators', state: 'error' as const, where: names(nowhere), what: { en: `The board has no ${kinds(nowhere)}.`, zh: `该板没有 ${kinds(nowhere)}。` },
      why: { en: nowhere[0]!.verdicts[0]!.why, zh: '该板的文档如此说明。' }, fix: { en: 'See which rewrite takes them out: scalewright rewrite MODEL --list.', zh: '查看哪个改写可以去除它们：scalewright rewrite MODEL --list。' },
    }]),
    ...(notInCodes.length === 0 ? [] : [{
      id: 'operators-float', state: 'warning' as const, where: names(notInCodes), what: { en: `The board computes ${kinds(notInCodes)} in no 8-bit codes.`, zh: `该板不以 8 位编码计算 ${kinds(notInCodes)}。` },
      why: { en: 'It will run them in a wider type or elsewhere, which costs time; numbers may differ from the simulation.', zh: '它们会以更宽的类型或在别处运行，更费时；数值可能与仿真不同。' },
    }]),
  ]
  return checks.length === 0 ? [ok] : checks
}

function bitsCheck({ records, board, run }: Subject): Check {
  const { is } = board.activations.bits
  const wrong = is === 'unknown' ? [] : records.filter((record) => isActivation(record) && !is.includes(record.bits)).map(({ name }) => name)
  if (wrong.length === 0) return { id: 'bits', state: 'ok', where: [], what: { en: 'Codes are as wide as the board takes them.', zh: '编码位宽为该板所支持。' } }
  return {
    id: 'bits', state: 'warning', where: few(wrong), what: { en: `${wrong.length} tensors have codes of a width that the board does not state.`, zh: `${wrong.length} 个张量的编码位宽不在该板说明之内。` },
    why: { en: 'Its tools will choose another width for them.', zh: '其工具会为它们选择其他位宽。' }, fix: { en: 'Quantize with a width that the board has.', zh: '请以该板支持的位宽量化。' }, fixes: widthFixes(run, is === 'unknown' ? [] : is),
  }
}

function missingCheck(subject: Subject): Check {
  const known = new Set(subject.records.map(({ name }) => name))
  const missing = quantizableTensors(subject).filter((name) => !known.has(name))
  if (missing.length === 0) return { id: 'ranges', state: 'ok', where: [], what: { en: 'Every tensor that is quantized has its range.', zh: '每个被量化的张量都有范围。' } }
  return {
    id: 'ranges', state: 'error', where: few(missing), what: { en: `${missing.length} tensors of quantized operators have no range.`, zh: `量化算子的 ${missing.length} 个张量没有范围。` },
    why: { en: 'Tools fill the gap by a default that nobody measured.', zh: '工具会用未经测量的默认值填补。' },
    fix: { en: 'Run the recipe again without --allow-missing.', zh: '请不带 --allow-missing 重新运行配方。' },
  }
}

/** Sums that the run makes before it rounds, where tools give every operator a range. */
function sumChecks({ run, graph, floatNodes }: Subject, formats: readonly ChosenFormat[]): Check[] {
  const others = formats.filter(({ format }) => !format.takesPairs).map(({ format }) => format.title)
  if (!addsOnAccumulators(run) || others.length === 0) return []
  const float = new Set(floatNodes.map(({ node }) => node))
  const open = [...openSums(graph, topology(graph), ({ name }) => !float.has(name)).keys()]
  if (open.length === 0) return []
  return [{
    id: 'sums', state: 'warning', where: few(open), what: { en: `${open.length} operands of sums have no range: the run adds them before they are rounded.`, zh: `${open.length} 个求和操作数没有范围：该运行在舍入之前相加。` },
    why: { en: `Where ${others.join(', ')} gives every operator a range it chooses one for these, and rounds once more.`, zh: `若 ${others.join('、')} 为每个算子都设范围，则会为它们自行选取，并多舍入一次。` },
    fix: { en: 'Where the tools do not fuse a sum into its convolution, quantize with quantize.sums: codes.', zh: '若工具不把求和融合进卷积，请以 quantize.sums: codes 量化。' }, fixes: roundedSumsFixes(),
  }]
}

function findingCheck({ run }: Subject): Check {
  const errors = (run.findings ?? []).filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return { id: 'findings', state: 'ok', where: [], what: { en: 'The audit of the run found no error.', zh: '该运行的审计未发现错误。' } }
  return {
    id: 'findings', state: 'error', where: few(errors.map(({ rule, tensor, node }) => [rule, tensor || node].filter(Boolean).join(' '))), what: { en: `${errors.length} findings of severity error: ${errors[0]!.what}`, zh: `${errors.length} 项错误级审计结果：${errors[0]!.rule}` },
    why: { en: errors[0]!.why, zh: '详见该运行的审计报告。' }, fix: { en: errors[0]!.fix, zh: '见审计报告中的处理办法。' }, fixes: findingFixes(errors),
  }
}

function gateChecks({ run }: Subject, { waived }: ReadinessFacts): Check[] {
  const failed = (run.gates ?? []).filter(({ passed }) => !passed)
  const open = failed.filter(({ rule }) => waived[rule] === undefined)
  const accepted = failed.filter(({ rule }) => waived[rule] !== undefined)
  return [
    ...(open.length > 0 ? [{
      id: 'gates', state: 'error' as const, where: open.map(({ rule, measured }) => `${rule} (${measured ?? '-'})`), what: { en: `${open.length} gates failed.`, zh: `${open.length} 项门限未通过。` },
      why: { en: 'The run does not reach what its recipe asks for.', zh: '该运行未达到配方要求。' }, fix: { en: 'Tune the run, or waive the gate with a reason: scalewright runs waive.', zh: '调优该运行，或注明理由豁免：scalewright runs waive。' },
    }] : []),
    ...(accepted.length > 0 ? [{
      id: 'gates', state: 'note' as const, where: accepted.map(({ rule }) => `${rule}: ${waived[rule]!}`), what: { en: `${accepted.length} failed gates were waived.`, zh: `${accepted.length} 项未通过的门限已豁免。` }, why: { en: 'A person accepted them; the reason stands beside each.', zh: '已由人员接受；理由列于其旁。' },
    }] : []),
    ...(failed.length === 0 ? [{ id: 'gates', state: (run.gates ?? []).length === 0 ? 'note' as const : 'ok' as const, where: [], what: (run.gates ?? []).length === 0 ? { en: 'The recipe has no gates.', zh: '配方没有设置门限。' } : { en: 'Every gate was passed.', zh: '所有门限均已通过。' }, ...((run.gates ?? []).length === 0 ? { why: { en: 'Nothing says how good the model must be.', zh: '没有说明模型需要达到的质量。' } } : {}) }] : []),
  ]
}

function proofChecks({ run }: Subject, { unproved }: ReadinessFacts): Check[] {
  const broken = (run.proofs ?? []).filter(({ verdict }) => verdict === 'broken').map(({ rewrite }) => rewrite)
  return [
    ...(broken.length > 0 ? [{
      id: 'proofs', state: 'error' as const, where: few(broken), what: { en: `${broken.length} rewrites changed what the model computes.`, zh: `${broken.length} 项改写改变了模型的计算结果。` },
      why: { en: 'Their proofs are broken.', zh: '其证明不成立。' }, fix: { en: 'Take the rewrite out of the recipe.', zh: '请从配方中移除该改写。' }, fixes: withoutRewritesFixes(run, broken),
    }] : []),
    ...(unproved.length > 0 ? [{
      id: 'proofs', state: 'warning' as const, where: few(unproved), what: { en: `${unproved.length} changes of the graph have no proof.`, zh: `${unproved.length} 项图修改没有证明。` },
      why: { en: 'A repair changes the function on purpose; a person must agree to it.', zh: '修复有意改变函数；须经人员同意。' },
    }] : []),
    ...(broken.length + unproved.length === 0 ? [{ id: 'proofs', state: 'ok' as const, where: [], what: { en: `${(run.proofs ?? []).length} proofs, none of them broken.`, zh: `${(run.proofs ?? []).length} 项证明，均成立。` } }] : []),
  ]
}

function sampleCheck({ samples }: Subject, formats: readonly ChosenFormat[]): Check {
  const starved = samples === 0 ? formats.filter(({ format }) => format.measures).map(({ format }) => format.title) : []
  if (samples >= 16) return { id: 'sample-count', state: 'ok', where: [], what: { en: `${samples} calibration samples go along.`, zh: `附带 ${samples} 个校准样本。` } }
  return {
    id: 'sample-count', state: starved.length > 0 ? 'error' : samples === 0 ? 'warning' : 'note', where: starved, what: { en: `${samples} calibration samples go along.`, zh: `附带 ${samples} 个校准样本。` },
    why: { en: 'Tools that measure for themselves see no more than these.', zh: '自行测量的工具只能看到这些样本。' }, fix: { en: 'Give the recipe more (samples.calibration.count); vendors recommend 20 to 1000.', zh: '请在配方中增加（samples.calibration.count）；厂商建议 20 至 1000 个。' },
  }
}
