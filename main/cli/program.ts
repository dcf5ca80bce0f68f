import { Command, CommanderError } from 'commander'
import { Fault } from '../core/fault.ts'
import type { RunStatus, Verb } from '../core/run.ts'
import { ownVersion } from '../core/version.ts'
import { commandLineFault } from './command-line-fault.ts'
import type { CommonOptions, Job } from './job.ts'
import { displayWidth } from './layout.ts'
import type { Say, TextKey } from './texts/texts.ts'
import { LANGUAGES } from './texts/texts.ts'
import { auditJob, SEVERITIES } from './verbs/audit.ts'
import { archiveJob, diffJob, doctorJob, gateJob, listJob, showJob, tagJob } from './verbs/history.ts'
import { exportJob, importJob, lineageJob, noteJob, pinJob, waiveJob } from './verbs/history-marks.ts'
import { bundleJob, verifyJob, type ExportOptions, type VerifyOptions } from './verbs/export.ts'
import { benchOperatorsJob } from './verbs/bench-operators.ts'
import { importCaffeJob, weightsJob, type ImportOptions, type WeightsOptions } from './verbs/intake.ts'
import { serveJob } from './verbs/serve.ts'
import { calibrateJob, compareJob, demoJob, inspectJob, quantizeJob, runJob } from './verbs/pipeline.ts'
import { rewriteJob } from './verbs/rewrite.ts'
import { tuneJob } from './verbs/tune.ts'

const STATUSES: readonly RunStatus[] = ['running', 'done', 'failed', 'cancelled']
const RECORDED_VERBS: readonly Verb[] = ['calibrate', 'quantize', 'compare', 'rewrite', 'audit', 'tune', 'run', 'demo', 'weights', 'import', 'export', 'verify']

/** A command line that is understood: help or version to print, or a job to do. */
export type Parsed =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'job'; readonly job: Job; readonly options: CommonOptions }

/** Reads the words after the program's name. Throws `input.*` Faults for words it does not know. */
export async function parseCommandLine(argv: readonly string[], say: Say, columns: number): Promise<Parsed> {
  let parsed: Parsed | null = null
  const printed: string[] = []
  const program = buildProgram(say, columns, (text) => printed.push(text), (job, options) => {
    parsed = { kind: 'job', job, options }
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (!/^commander\.(help|helpDisplayed|version)$/.test(error.code)) throw commandLineFault(error, argv, program, say)
  }
  return parsed ?? { kind: 'text', text: printed.join('') }
}

type Take = (job: Job, options: CommonOptions) => void

function buildProgram(say: Say, columns: number, print: (text: string) => void, take: Take): Command {
  const program = new Command('scalewright')
  speakWith(program, say, columns, print)
  program
    .description(say('help.about'))
    .version(ownVersion(), '-V, --version', say('help.version'))
    .option('--workspace <dir>', say('option.workspace'))
    .option('--json', say('option.json'))
    .option('--quiet', say('option.quiet'))
    .option('--threads <n>', say('option.threads'), wholeNumber(say, '--threads', 1))
    .option('--lang <lang>', say('option.lang'), oneOf(say, '--lang', LANGUAGES))
    .addHelpText('after', `\n${say('help.exit-codes')}`)
  addPipelineVerbs(program, say, take)
  addHistoryVerbs(program, say, take)
  const serve = program.command('serve').description(say('verb.serve'))
    .option('--port <n>', say('option.port'), portNumber(say))
    .option('--allow-write', say('option.allow-write'))
    .option('--root <dirs...>', say('option.root'))
  does(serve, take, (_words, options) => serveJob(options))
  const operators = program.command('bench-operators').description(say('verb.bench-operators'))
    .option('--out <file>', say('option.out.table'))
    .option('--ops <names>', say('option.ops'), listed)
    .option('--quick', say('option.quick'))
  does(operators, take, (_words, options) => benchOperatorsJob(options))
  does(program.command('doctor').description(say('verb.doctor')), take, (_words, options) => doctorJob(options))
  return program
}

/** Settings that sub-commands inherit: texts, columns, errors thrown instead of printed. */
function speakWith(program: Command, say: Say, columns: number, print: (text: string) => void): void {
  const titles: Readonly<Record<string, TextKey>> = {
    'Usage:': 'help.usage', 'Arguments:': 'help.arguments', 'Options:': 'help.options', 'Global Options:': 'help.global', 'Commands:': 'help.verbs',
  }
  program
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: print, writeErr: print, outputError: () => undefined, getOutHelpWidth: () => columns, getErrHelpWidth: () => columns,
    })
    .configureHelp({
      showGlobalOptions: true, displayWidth,
      styleTitle: (title) => (Object.hasOwn(titles, title) ? say(titles[title]!) : title),
    })
    .helpOption('-h, --help', say('help.help'))
    .helpCommand('help [verb]', say('help.verb-help'))
}

/** What a command does with its words and options, the common ones included. */
function does<Options extends CommonOptions>(command: Command, take: Take, job: (words: readonly string[], options: Options) => Job): void {
  command.action(() => {
    const options = command.optsWithGlobals<Options>()
    take(job(command.args, options), options)
  })
}

function addPipelineVerbs(program: Command, say: Say, take: Take): void {
  const verb = (name: string): Command => program.command(name).description(say(`verb.${name}` as TextKey))

  const boards = (names: string, before: readonly string[] = []): string[] => [...before, ...names.split(',').filter((name) => name !== '')]
  const inspect = verb('inspect').argument('<MODEL>', say('argument.model')).option('--board <names>', say('option.boards'), boards)
  does(inspect, take, ([model], options) => inspectJob(model!, options))

  const calibrate = withRecipeOptions(verb('calibrate'), say)
    .option('--out <file>', say('option.out.statistics'))
    .option('--merge <files...>', say('option.merge'))
  does(calibrate, take, ([source], options) => calibrateJob(source!, options))

  const quantize = withRecipeOptions(verb('quantize'), say)
    .option('--statistics <file>', say('option.statistics'))
    .option('--allow-missing', say('option.allow-missing'))
    .option('--explain <tensor>', say('option.explain'))
    .option('--out <file>', say('option.out.model'))
  does(quantize, take, ([source], options) => quantizeJob(source!, options))

  const compare = verb('compare')
    .argument('<MODEL_A|RUN>', say('argument.compare'))
    .argument('[MODEL_B]')
    .option('--recipe <file>', say('option.recipe'))
    .option('--samples <dir>', say('option.samples-compare'))
  does(withChangeOptions(compare, say), take, ([a, b], options) => compareJob(a!, b, options))

  const run = withRecipeOptions(verb('run'), say)
    .option('--methods <names>', say('option.methods'), listed)
    .option('--out <file>', say('option.out.model'))
  does(run, take, ([source], options) => runJob(source!, options))

  const rewrite = withRecipeOptions(verb('rewrite'), say)
    .option('--list', say('option.list'))
    .option('--only <names>', say('option.only'), listed)
    .option('--plan <file>', say('option.plan'))
    .option('--force', say('option.force'))
    .option('--out <file>', say('option.out.rewritten'))
  does(rewrite, take, ([source], options) => rewriteJob(source!, options))

  const weights = verb('weights').argument('<MODEL>', say('argument.model'))
    .requiredOption('--from <file>', say('option.weights-from'))
    .option('--map <file>', say('option.weights-map'))
    .option('--allow-missing', say('option.weights-missing'))
    .option('--out <file>', say('option.out.loaded'))
  does<WeightsOptions>(weights, take, ([model], options) => weightsJob(model!, options))

  const imported = verb('import').argument('<PROTOTXT>', say('argument.prototxt')).argument('<CAFFEMODEL>', say('argument.caffemodel'))
    .option('--size <HxW>', say('option.import-size'))
    .option('--out <file>', say('option.out.imported'))
  does<ImportOptions>(imported, take, ([prototxt, caffemodel], options) => importCaffeJob(prototxt!, caffemodel!, options))

  const tune = withChangeOptions(verb('tune').argument('[RECIPE|MODEL]', say('argument.tune')), say)
    .option('--samples <dir>', say('option.samples'))
    .option('--evaluation <dir>', say('option.evaluation'))
    .option('--board <name>', say('option.board'))
    .option('--sensitivity', say('option.tune.sensitivity'))
    .option('--full', say('option.tune.full'))
    .option('--search', say('option.tune.search'))
    .option('--minutes <n>', say('option.tune.minutes'), positiveNumber(say, '--minutes'))
    .option('--trials <n>', say('option.tune.trials'), wholeNumber(say, '--trials', 1))
    .option('--pareto', say('option.tune.pareto'))
    .option('--budget <rule>', say('option.tune.budget'))
    .option('--scan <n>', say('option.tune.samples'), wholeNumber(say, '--scan', 1))
    .option('--try <path=value>', say('option.tune.try'), collected)
    .option('--resume <run>', say('option.tune.resume'))
    .option('--explain <run>', say('option.tune.explain'))
  does(tune, take, ([source], options) => tuneJob(source, options))

  const audit = withChangeOptions(verb('audit'), say)
    .argument('<RECIPE|MODEL|RUN>', say('argument.audit'))
    .option('--board <name>', say('option.board'))
    .option('--statistics <file>', say('option.statistics-audit'))
    .option('--fix', say('option.fix'))
    .option('--gate <severity>', say('option.gate-severity'), oneOf(say, '--gate', SEVERITIES))
  does(audit, take, ([source], options) => auditJob(source!, options))

  const bundle = verb('export').argument('<RUN|RECIPE>', say('argument.export'))
    .requiredOption('--out <dir|file.zip>', say('option.out.bundle'))
    .option('--board <name>', say('option.board'))
    .option('--force', say('option.force-export'))
    .option('--format <names>', say('option.formats'), listed)
    .option('--names <file.mlir>', say('option.names'))
    .option('--set <path.to.key=value>', say('option.set'), collected)
  does<ExportOptions>(bundle, take, ([source], options) => bundleJob(source!, options))

  const verify = verb('verify').argument('<BUNDLE>', say('argument.bundle'))
    .option('--outputs <file>', say('option.outputs'))
    .option('--golden <n>', say('option.golden'), wholeNumber(say, '--golden', 0))
  does<VerifyOptions>(verify, take, ([path], options) => verifyJob(path!, options))

  does(verb('demo').option('--out <dir>', say('option.out.demo')), take, (_words, options) => demoJob(options))
}

const withRecipeOptions = (command: Command, say: Say): Command =>
  withChangeOptions(command
    .argument('<RECIPE|MODEL>', say('argument.source'))
    .option('--samples <dir>', say('option.samples'))
    .option('--evaluation <dir>', say('option.evaluation'))
    .option('--method <name>', say('option.method'))
    .option('--board <name>', say('option.board')), say)

const withChangeOptions = (command: Command, say: Say): Command =>
  command
    .option('--seed <n>', say('option.seed'), wholeNumber(say, '--seed', 0))
    .option('--set <path.to.key=value>', say('option.set'), collected)
    .option('--print-recipe', say('option.print-recipe'))

function addHistoryVerbs(program: Command, say: Say, take: Take): void {
  const runs = program.command('runs').description(say('verb.runs'))
  const verb = (name: string): Command => runs.command(name).description(say(`verb.runs.${name}` as TextKey))
  const id = '<ID>'

  const list = verb('list')
    .option('--limit <n>', say('option.limit'), wholeNumber(say, '--limit', 1))
    .option('--verb <verb>', say('option.verb'), oneOf(say, '--verb', RECORDED_VERBS))
    .option('--status <status>', say('option.status'), oneOf(say, '--status', STATUSES))
    .option('--tag <tag>', say('option.tag'))
    .option('--parent <id>', say('option.parent'))
    .option('--model <text>', say('option.model'))
    .option('--text <text>', say('option.text'))
    .option('--archived', say('option.archived'))
  does(list, take, (_words, options) => listJob(options))

  const show = verb('show').argument(id, say('argument.run')).option('--layers', say('option.layers')).option('--scales', say('option.scales'))
  does(show, take, ([run], options) => showJob(run!, options))

  const diff = verb('diff').argument('<A>', say('argument.run')).argument('<B>', say('argument.run')).option('--all', say('option.all'))
  does(diff, take, ([a, b], options) => diffJob(a!, b!, options))

  const gate = verb('gate').argument(id, say('argument.run'))
    .option('--baseline <id>', say('option.baseline'))
    .option('--gate <name=number>', say('option.gate'), gates(say))
  does<CommonOptions & { baseline?: string; gate?: Record<string, number> }>(gate, take, ([run], options) => gateJob(run!, options))

  const tag = verb('tag').argument(id, say('argument.run')).argument('<TAGS...>', say('argument.tags')).option('--remove', say('option.remove'))
  does(tag, take, ([run, ...tags], options) => tagJob(run!, tags, options))

  does(verb('archive').argument(id, say('argument.run')).option('--undo', say('option.undo')), take, ([run], options) => archiveJob(run!, options))
  does(verb('note').argument(id, say('argument.run')).argument('<TEXT>', say('argument.note')), take, ([run, text], options) => noteJob(run!, text!, options))
  does(verb('pin').argument(id, say('argument.run')).option('--undo', say('option.unpin')), take, ([run], options) => pinJob(run!, options))

  const waive = verb('waive').argument(id, say('argument.run'))
    .requiredOption('--gate <rule>', say('option.waived-gate')).requiredOption('--reason <text>', say('option.reason'))
  does<CommonOptions & { gate: string; reason: string }>(waive, take, ([run], options) => waiveJob(run!, options))

  does(verb('lineage').argument(id, say('argument.run')), take, ([run], options) => lineageJob(run!, options))

  const exported = verb('export').argument('[RUN...]', say('argument.runs'))
    .requiredOption('--out <file>', say('option.out.history')).option('--no-artifacts', say('option.no-artifacts'))
  does<CommonOptions & { out: string; artifacts: boolean }>(exported, take, (ids, options) => exportJob(ids, options))

  does(verb('import').argument('<FILE>', say('argument.history')), take, ([file], options) => importJob(file!, options))
}

const listed = (value: string): string[] => value.split(',').map((name) => name.trim()).filter((name) => name !== '')

const collected = (value: string, before: readonly string[] = []): string[] => [...before, value]

const wholeNumber = (say: Say, option: string, least: number) => (value: string): number => {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN
  if (number >= least) return number
  throw new Fault({ code: 'input.bad-option', what: say('fault.whole-number', { option, least, value }) })
}

const positiveNumber = (say: Say, option: string) => (value: string): number => {
  const number = /^\d{1,6}(?:\.\d{1,6})?$/.test(value) ? Number(value) : NaN
  if (number > 0) return number
  throw new Fault({ code: 'input.bad-option', what: say('fault.tune.minutes', { option, value }) })
}

const portNumber = (say: Say) => (value: string): number => {
  const port = wholeNumber(say, '--port', 0)(value)
  if (port <= 65_535) return port
  throw new Fault({ code: 'input.bad-option', what: say('fault.port', { value }) })
}

const oneOf = <Choice extends string>(say: Say, option: string, choices: readonly Choice[]) => (value: string): Choice => {
  const choice = choices.find((candidate) => candidate === value)
  if (choice !== undefined) return choice
  throw new Fault({ code: 'input.bad-option', what: say('fault.choice', { option, values: choices.join(', '), value }) })
}

const gates = (say: Say) => (value: string, before: Readonly<Record<string, number>> = {}): Record<string, number> => {
  const [, name, number] = /^([\w.-]+)=(-?\d+(?:\.\d+)?(?:e-?\d+)?)$/i.exec(value) ?? []
  if (name !== undefined) return { ...before, [name]: Number(number) }
  throw new Fault({ code: 'input.bad-option', what: say('fault.bad-gate', { option: '--gate', value }) })
}
