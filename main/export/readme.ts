import type { Coverage } from './coverage.ts'
import type { ChosenFormat } from './formats/index.ts'
import { checkRow, markdownTable } from './report.ts'
import type { Check, Subject } from './subject.ts'

/** What stands in README.md and ACCEPT.md besides the subject. */
export interface HandOver {
  readonly checks: readonly Check[]
  readonly forced: boolean
  readonly coverage: Coverage
  readonly golden: readonly string[]
  /** Paths of what the formats write. */
  readonly written: readonly string[]
}

/** How to convert, what is in the bundle, what is not in order: Chinese and English in one file. */
export function readme(subject: Subject, formats: readonly ChosenFormat[], { checks, forced, coverage, golden, written }: HandOver): string {
  const { board, model, run } = subject
  const open = checks.filter(({ state }) => state !== 'ok')
  const commands = formats.map(({ format, settings }) => `### ${format.title}\n\n\`\`\`sh\n${format.commands(subject, settings).join('\n')}\n\`\`\`\n`).join('\n')
  const rows = (language: 'en' | 'zh'): string => markdownTable({
    head: language === 'en' ? ['state', 'what', 'where', 'why', 'fix'] : ['状态', '内容', '位置', '原因', '办法'],
    rows: open.map((check) => checkRow(check, language)),
  })
  const states = ({ en, zh }: { en: string; zh: string }, language: 'en' | 'zh'): string => (language === 'en' ? en : zh)
  const part = (language: 'en' | 'zh'): string => [
    `## ${states({ en: 'What this is', zh: '内容说明' }, language)}`, '',
    states({
      en: `The model ${model}, made ready for ${board.title} (${board.toolchain.join(', ')}): run ${run.run} of ${run.created}, made with Scalewright ${run.environment.scalewright}. Nothing in it was converted by the board's own tools; they are what the commands below call.`,
      zh: `模型 ${model}，面向 ${board.title}（${board.toolchain.join('、')}）：运行 ${run.run}（${run.created}），由 Scalewright ${run.environment.scalewright} 生成。其中没有任何文件由该板工具转换；下面的命令调用这些工具。`,
    }, language), '',
    `## ${states({ en: 'Commands, typed in this folder', zh: '命令（在此目录中执行）' }, language)}`, '', commands,
    states({ en: 'What they should give: every output within the bounds of ACCEPT.md of those in `golden/sim_out_*.npz`.', zh: '预期结果：每个输出与 `golden/sim_out_*.npz` 的差异在 ACCEPT.md 的范围之内。' }, language), '',
    `## ${states({ en: 'Files', zh: '文件' }, language)}`, '', files(language, [...written, ...(subject.samples === 0 ? [] : ['calibration/'])]), '',
    states({ en: `Names: ${coverage.matched} of ${coverage.rows} tensors outside of float parts have a range (names.csv). Golden inputs: ${golden.join(', ')}.`, zh: `名称：浮点部分之外的 ${coverage.rows} 个张量中有 ${coverage.matched} 个具有范围（names.csv）。参考输入：${golden.join('、')}。` }, language), '',
    ...(open.length === 0 ? [] : [
      `## ${states({ en: forced ? 'Not in order: exported all the same' : 'To know', zh: forced ? '存在问题：仍强制导出' : '须知' }, language)}`, '', rows(language),
    ]),
    `## ${states({ en: 'Who to ask', zh: '联系' }, language)}`, '',
    states({ en: `The team that made run ${run.run}. Give its id and the dump of your board: \`scalewright verify . --outputs DUMP.npz\` compares it layer by layer.`, zh: `生成运行 ${run.run} 的团队。请提供其编号与板端转储：\`scalewright verify . --outputs DUMP.npz\` 可逐层比较。` }, language), '',
  ].join('\n')
  return `# ${model} → ${board.title}\n\n[中文](#内容说明) · [English](#what-this-is)\n\n${part('zh')}\n---\n\n${part('en')}`
}

/** Folders of the formats are named where something is in them. */
function files(language: 'en' | 'zh', written: readonly string[]): string {
  const rows: readonly (readonly [string, string, string])[] = [
    ['MANIFEST.json', 'every file with its SHA-256', '所有文件及其 SHA-256'], ['model/model.onnx', 'float model, rewritten', '浮点模型（已改写）'], ['model/model.qdq.onnx', 'the same with scales in it (QDQ)', '同一模型，含比例（QDQ）'],
    ['model/rewrite.json', 'what was rewritten, and its proofs', '改写内容及证明'], ['calibration/', 'calibration samples', '校准样本'], ['config/', 'configuration and scripts', '配置与脚本'], ['thresholds/', 'ranges as the tools read them', '工具可读的范围'],
    ['golden/', 'inputs and outputs to compare with: float and simulated', '用于比较的输入与输出：浮点与仿真'], ['preprocess.json', 'from pixels to the input, in the spelling of every vendor', '从像素到输入，各厂商写法'],
    ['names.csv', 'names of tensors here and there', '两边的张量名称'], ['report/', 'how good it is', '质量报告'], ['ACCEPT.md', 'when the board is right', '板端验收标准'],
  ]
  const isThere = (path: string): boolean => !['calibration/', 'config/', 'thresholds/'].includes(path) || written.some((file) => file.startsWith(path))
  return markdownTable({ head: language === 'en' ? ['file', 'what'] : ['文件', '内容'], rows: rows.filter(([path]) => isThere(path)).map(([path, en, zh]) => [path, language === 'en' ? en : zh]) })
}

/** Bounds that a board has to keep, and how to measure them. Those of the run's gates come first. */
export function acceptance({ run, layers }: Subject, golden: readonly string[]): string {
  const worst = layers.filter(({ mode }) => mode === 'accumulated').reduce((least, { cosine }) => Math.min(least, cosine), 1)
  const own = (run.gates ?? []).map(({ rule, measured, passed }) => [rule, measured === null ? '-' : String(Number(measured.toPrecision(6))), passed ? 'passed 通过' : 'failed 未通过'])
  const bounds = [
    ['cosine of every output with golden/sim_out 每个输出与 golden/sim_out 的余弦', '>= 0.999'], ['cosine of every layer with the simulation 每层与仿真的余弦', '>= 0.99'],
    ['saturated values beyond those of the simulation 超出仿真的饱和比例', '<= 0.1 %'], ['wrong layout, channel order, scale of 1 布局、通道顺序、比例为 1', 'none 无'],
  ]
  return `# ACCEPT · 验收

## The run's own gates · 运行自身的门限

${own.length === 0 ? 'none · 无\n' : markdownTable({ head: ['rule 规则', 'measured here 本机测得', 'verdict 结论'], rows: own })}
## Bounds for the board · 板端限值

${markdownTable({ head: ['what 内容', 'bound 限值'], rows: bounds })}
The worst layer of the simulation itself has a cosine of ${Number(worst.toPrecision(6))} with the float model. 仿真本身最差一层与浮点模型的余弦为 ${Number(worst.toPrecision(6))}。

## How to measure · 测量方法

1. Feed the board the inputs of golden/in_000.npz … (${golden.join(', ')}), as preprocess.json says. 按 preprocess.json 将 golden/in_000.npz 等输入送入板端。
2. Dump outputs, and inner tensors where the tools can, as one .npz with the names of names.csv. 将输出（以及可能的中间张量）按 names.csv 的名称存为一个 .npz。
3. \`scalewright verify . --outputs DUMP.npz\` (golden 000; \`--golden 1\` for the next): cosine, SQNR and max abs of each tensor; exit code 1 beyond the bounds. 命令给出每个张量的余弦、SQNR 与最大绝对差；超限时退出码为 1。
`
}
