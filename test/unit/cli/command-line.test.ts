import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App, AppOptions, CompareInput, DemoResult, RunSummary } from '../../../main/app/api.ts'
import type { OpenPage } from '../../../main/cli/job.ts'
import { commandLine } from '../../../main/cli/command-line.ts'
import { Fault } from '../../../main/core/fault.ts'
import type { Run } from '../../../main/core/run.ts'
import type { Task } from '../../../main/core/task.ts'
import { memoryTerminal } from '../../fixtures/memory-terminal.ts'

let cwd: string
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'scalewright-cli-'))
})
afterAll(() => rm(cwd, { recursive: true, force: true }))

const RUN: Run = {
  run: '01JRUN', parent: null, verb: 'run', status: 'done', created: '2026-01-02T03:04:05.678Z', seconds: 3,
  model: { path: '/models/net.onnx', sha256: 'ab', bytes: 176_000, parameters: 42_540, macsPerSample: 0 },
  samples: { calibration: { count: 32, sha256: 'c', skipped: 1 }, evaluation: { count: 5, sha256: 'd', skipped: 0 } },
  calibration: { seconds: 1.25, inferenceSeconds: 1, bareInferenceSeconds: null, peakRssBytes: 250e6 },
  quality: {
    protocol: 'psnr-y/shave3/studio', unit: 'dB', float: 33.536, simulated: 33.51, fused: 33.508, perSample: [],
    others: { 'ssim-y/shave3/studio': { float: 0.92131, simulated: 0.9201, fused: null } },
  },
  latency: {
    protocol: 'median of 15, interleaved', ratio: 0.55,
    floatMs: { median: 108.2, min: 105, spread: 1.25, runs: 15 }, fusedMs: { median: 59.51, min: 57, spread: 0.5, runs: 15 },
  },
  size: { floatBytes: 176_000, quantizedBytes: 48_000, ratio: 0.2727 },
  scales: [
    { tensor: 'r0', kind: 'activation', type: 'uint8', granularity: 'tensor', axis: null, scale: [0.69], zeroPoint: [0], lo: 0, hi: 176.3, method: 'mse', float: false, reason: '' },
    { tensor: 'w0', kind: 'weight', type: 'int8', granularity: 'channel', axis: 0, scale: [0.01, 0.02], zeroPoint: [0, 0], lo: -2, hi: 2, method: 'absmax', float: false, reason: '' },
  ],
  layers: [70, 10, 30, 20, 50, 40, Infinity].map((sqnrDb, index) => ({
    node: `conv_${index}`, op: 'Conv', tensor: `t${index}`, mode: 'accumulated' as const, sqnrDb, cosine: 0.9999, mse: 0.001, maxAbs: 2, clippedPercent: 0.1,
  })),
  gates: [{ rule: 'psnr_y_drop_db <= 0.1', measured: 0.026, passed: true }],
  artifacts: [{ role: 'quantized-model', path: '/ws/artifacts/q.onnx', sha256: 'e', bytes: 48_000 }],
  environment: { scalewright: '0.1.0', onnxruntime: '1.30.0', node: '24.21.0', cpu: 'x', threads: 2 },
}

/** Says what it was asked and answers with what the test wants: a double for what the terminal does with answers, nothing more. */
function answering(answers: Partial<App>) {
  const opened: AppOptions[] = []
  let closed = 0
  const openApp = async (options: AppOptions): Promise<App> => {
    opened.push(options)
    return { workspace: '/ws', close: async () => void closed++, ...answers } as App
  }
  return { openApp, opened, closed: () => closed }
}

const closedDoor = async (): Promise<never> => {
  throw new Error('no page is opened here')
}

async function type(line: string, answers: Partial<App> = {}, signal = new AbortController().signal, openPage: OpenPage = closedDoor) {
  const terminal = memoryTerminal()
  const app = answering(answers)
  const code = await commandLine(line.split(' '), { terminal, cwd, environment: {}, signal, openApp: app.openApp, openPage })
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr(), ...app }
}

test('a run ends with a report that a newcomer understands, its id last', async () => {
  const { code, stdout, stderr, closed } = await type('run net.onnx --samples pics', { run: async () => RUN })
  expect([code, stderr, closed()]).toEqual([0, '', 1])
  expect(stdout).toBe(`model
  /models/net.onnx  42,540 parameters  176.0 kB

calibration
  32 samples in 1.3 s (1.0 s inference), peak memory 250.0 MB, 1 skipped

scales
  1 (uint8) activations, 1 (int8) weights, 0 biases; 0 in float

quality  psnr-y/shave3/studio  5 samples
                                                dB  drop dB  ssim-y/shave3/studio
  float      the model as it came           33.536                        0.92131
  simulated  what a board computes          33.510    0.026               0.92010
  fused      what this CPU really executes  33.508    0.028                     –

latency  median of 15, interleaved
         median ms  min ms  spread ms  runs  ratio
  float     108.20  105.00       1.25    15
  fused      59.51   57.00       0.50    15  0.550

size
                kB  ratio
  float      176.0
  quantized   48.0  0.273

worst layers  everything before is quantized too
  node    operator  tensor  SQNR dB    cosine    MSE  max abs  clipped %
  conv_1  Conv      t1        10.00  0.999900  0.001        2       0.10
  conv_3  Conv      t3        20.00  0.999900  0.001        2       0.10
  conv_2  Conv      t2        30.00  0.999900  0.001        2       0.10
  conv_5  Conv      t5        40.00  0.999900  0.001        2       0.10
  conv_4  Conv      t4        50.00  0.999900  0.001        2       0.10

gates
  rule                   measured
  psnr_y_drop_db <= 0.1    0.0260  passed

files
  quantized-model  48.0 kB  /ws/artifacts/q.onnx

01JRUN
`)
})

test('--json prints the run and nothing else; no difference is 120 dB', async () => {
  const { stdout, stderr } = await type('run net.onnx --json', { run: async () => RUN })
  expect(JSON.parse(stdout)).toEqual({ ...RUN, layers: RUN.layers!.map((layer) => ({ ...layer, sqnrDb: Math.min(layer.sqnrDb, 120) })) })
  expect(stderr).toBe('')
})

test('a gate that failed is exit 1 with the whole result', async () => {
  const gates = [{ rule: 'psnr_y_drop_db <= 0.01', measured: 0.026, passed: false }]
  const answers = { run: async () => ({ ...RUN, gates }) }
  expect(await type('run net.onnx', answers)).toMatchObject({ code: 1, stdout: expect.stringContaining('0.0260  FAILED') as string })
  expect(await type('run net.onnx --json', answers)).toMatchObject({ code: 1, stdout: expect.stringContaining('"passed": false') as string })
})

test.each<[string, Fault, number]>([
  ['bad input', new Fault({ code: 'samples.none', what: 'no pictures', where: 'pics', next: 'Give a folder with pictures.' }), 2],
  ['the engine', new Fault({ code: 'engine.died', what: 'the engine was killed' }), 3],
])('a fault: one block on stderr, the same as JSON on stdout: %s', async (_name, fault, exitCode) => {
  const answers: Partial<App> = { run: () => Promise.reject(fault) }
  const person = await type('run net.onnx', answers)
  expect(person).toMatchObject({ code: exitCode, stdout: '' })
  expect(person.stderr).toMatch(new RegExp(`^error: ${fault.what}\n`))
  expect(person.closed()).toBe(1)
  const program = await type('run net.onnx --json', answers)
  expect(program.code).toBe(exitCode)
  expect(JSON.parse(program.stdout)).toEqual({ error: fault.toJSON() })
})

test('a run that comes back failed is the fault it failed with', async () => {
  const fault = { code: 'engine.died', what: 'the engine was killed (SIGKILL)' }
  expect(await type('run net.onnx', { run: async () => ({ ...RUN, status: 'failed', fault }) })).toMatchObject({ code: 3, stderr: 'error: the engine was killed (SIGKILL)\n' })
})

test('Ctrl-C waits for the app to stop, closes it and exits 130', async () => {
  const stop = new AbortController()
  const seen: string[] = []
  const run = (_input: unknown, task: Task): Promise<Run> =>
    new Promise((_resolve, reject) => {
      task.signal.addEventListener('abort', () => setTimeout(() => {
        seen.push('marked cancelled')
        reject(task.signal.reason as Error)
      }, 20))
      setTimeout(() => stop.abort(), 5)
    })
  const result = await type('run net.onnx --json', { run }, stop.signal)
  expect([result.code, seen, result.closed()]).toEqual([130, ['marked cancelled'], 1])
  expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'interrupted' } })
  expect(await type('run net.onnx', { run: async () => ({ ...RUN, status: 'cancelled' }) })).toMatchObject({ code: 130, stdout: '' })
})

test('Ctrl-C before the app is open opens nothing', async () => {
  const result = await type('run net.onnx', {}, AbortSignal.abort())
  expect([result.code, result.opened]).toEqual([130, []])
})

test('progress and notes go to stderr unless --quiet', async () => {
  const run = async (_input: unknown, task: Task): Promise<Run> => {
    task.report({ stage: 'observe', done: 1, total: 2, note: 'layout nchw was found in the graph' })
    return RUN
  }
  expect((await type('run net.onnx', { run })).stderr).toBe('note: layout nchw was found in the graph\nobserve   50 %  1/2\n')
  expect((await type('run net.onnx --quiet', { run })).stderr).toBe('')
})

test('options reach the recipe; its workspace and threads reach the app, those of the command line first', async () => {
  await writeFile(join(cwd, 'r.yaml'), 'model: net.onnx\nworkspace: ws\nthreads: 3\n')
  const recipes: unknown[] = []
  const run = async (input: unknown): Promise<Run> => (recipes.push(input), RUN)
  const plain = await type('run r.yaml --method kl --set quantize.tail=off --out q.onnx', { run })
  expect(plain.opened).toEqual([{ cwd, workspace: join(cwd, 'ws'), threads: 3 }])
  expect(recipes[0]).toMatchObject({ out: join(cwd, 'q.onnx'), recipe: { model: join(cwd, 'net.onnx'), quantize: { tail: 'off', activations: { method: 'kl' } } } })
  expect((await type('run r.yaml --workspace other --threads 1', { run })).opened).toEqual([{ cwd, workspace: join(cwd, 'other'), threads: 1 }])
})

test('compare takes two models, or a run with changes', async () => {
  const asked: CompareInput[] = []
  const compare = async (input: CompareInput): Promise<Run> => (asked.push(input), RUN)
  await writeFile(join(cwd, 'gates.yaml'), 'model: other.onnx\ngates: { psnr_y_drop_db: 0.1 }\n')
  await type('compare a.onnx b.onnx --samples pics', { compare })
  await type('compare a.onnx b.onnx --recipe gates.yaml', { compare })
  await type('compare 01JRUN --samples pics --set compare.layers=none', { compare })
  expect(asked).toMatchObject([
    { a: join(cwd, 'a.onnx'), b: join(cwd, 'b.onnx'), recipe: { model: join(cwd, 'a.onnx'), samples: { evaluation: { path: join(cwd, 'pics') } } } },
    { recipe: { model: join(cwd, 'a.onnx'), gates: { psnr_y_drop_db: 0.1 } } },
    { run: '01JRUN', cwd, changes: { evaluation: 'pics', set: ['compare.layers=none'] } },
  ])
  expect(await type('compare a.onnx')).toMatchObject({ code: 2, opened: [] })
})

test('--print-recipe prints a recipe that can be read and opens nothing', async () => {
  const result = await type('quantize net.onnx --samples pics --print-recipe')
  expect(result).toMatchObject({ code: 0, opened: [] })
  expect(result.stdout).toMatch(/^model: net\.onnx\nboard: ort-cpu\nsamples:\n {2}calibration:\n {4}path: pics\n/)
  expect(JSON.parse((await type('run net.onnx --print-recipe --json')).stdout)).toMatchObject({ model: join(cwd, 'net.onnx') })
})

test('demo says where to look and what to try', async () => {
  const demo = async (): Promise<DemoResult> => ({ ...RUN, verb: 'demo', files: { picture: join(cwd, 'demo', 'side by side.png'), recipe: join(cwd, 'my demo', 'r.yaml'), model: '' } })
  const { stdout } = await type('demo', { demo })
  expect(stdout.trimEnd().split('\n').slice(-9)).toEqual([
    '', 'float, quantized and reference side by side', '  demo/side by side.png', '', 'try next',
    '  npx scalewright runs show 01JRUN --layers', "  npx scalewright run 'my demo/r.yaml' --method max", '', '01JRUN',
  ])
})

test('the history is a list, a difference, a gate', async () => {
  const summary: RunSummary = {
    run: '01JRUN', parent: null, verb: 'run', status: 'done', created: RUN.created, seconds: 3, model: join(cwd, 'net.onnx'),
    quality: { protocol: 'psnr-y/shave3/studio', unit: 'dB', float: 33.5, simulated: 33.4, fused: null }, latencyRatio: 0.55, sizeRatio: null, fault: null,
    gates: { passed: 2, failed: 0, waived: 0 }, tags: ['ship'], archived: false,
    method: 'mse', bits: 8, board: 'ort-cpu', worstSqnrDb: 10, note: '', baseline: false,
  }
  const scale = RUN.scales![0]!
  const asked: unknown[] = []
  const runs: App['runs'] = {
    list: async (filter) => (asked.push(filter), [summary]),
    show: async () => RUN,
    diff: async (a, b) => ({
      a, b, facts: [], findings: [], recipe: [{ key: 'seed', a: 0, b: 1 }, { key: 'threads', a: undefined, b: 2 }],
      metrics: [{ protocol: 'psnr-y/shave3/studio', version: 'simulated', sample: '', a: 33.5, b: 33.52, delta: 0.02 }],
      scales: [{ tensor: 'r0', kind: 'activation', a: scale, b: { ...scale, scale: [0.345] }, fields: ['scale'], scaleChange: -0.5, loDelta: 0, hiDelta: 0 }],
      layers: [{ node: 'conv_0', tensor: 'r0', mode: 'alone', a: RUN.layers![0]!, b: null, sqnrDelta: null, cosineDelta: null }],
    }),
    gate: async (run, baseline, gates) => (asked.push(gates), { run, baseline, gates: [{ rule: 'r', measured: null, passed: false, waived: null }], passed: false, accepted: false }),
    tag: async (_id, change) => change.add,
    archive: async () => undefined,
    marks: async () => ({ tags: [], archived: false, note: '先看 this', waivers: [{ rule: RUN.gates![0]!.rule, reason: 'cut off on the board', created: RUN.created }], baseline: '01JRUN' }),
    gateBaseline: async (run) => ({ run, baseline: '01JPIN', gates: [{ rule: 'r', measured: 3, passed: false, waived: 'cut off on the board' }], passed: false, accepted: true }),
    page: async () => ({ total: 1, runs: [summary] }),
    lineage: async () => [
      { run: { ...summary, run: '01JOLD', parent: null }, depth: -1, changes: [] },
      { run: summary, depth: 0, changes: [1, 2, 3, 4].map((at) => ({ key: `key.${at}`, a: at === 1 ? undefined : 0, b: 'x' })) },
    ],
    compare: async () => ({ runs: [], facts: [], recipe: [], metrics: [], scales: [], layers: [] }),
    note: async (...words) => void asked.push(words),
    pin: async (id, pinned) => ({ before: null, after: pinned ? id : null }),
    waive: async (id, { rule, reason }) => (asked.push([id, rule, reason]), [{ rule: `${rule} <= 0.1`, reason, created: RUN.created }]),
    isImported: async () => false,
    exportTo: async (what) => (asked.push(what), { path: what.out!, bytes: 12_345, runs: 3, artifacts: 2, leftOut: 1 }),
    importFrom: async (file) => (asked.push(file), { added: ['01JNEW'], known: 2, artifacts: 4 }),
  }
  const list = await type('runs list --limit 3 --status done', { runs })
  expect(list.stdout.split('\n')[1]).toMatch(/^ {2}01JRUN {2}run {3}done {4}2026-01-02 03:04:05 {2}net\.onnx {2}psnr-y\/shave3\/studio dB .*33\.400 .*– .*0\.55   +– {2}ship$/)
  expect(asked[0]).toMatchObject({ limit: 3, status: 'done' })
  expect(JSON.parse((await type('runs list --json', { runs })).stdout)).toEqual({ runs: [summary] })
  expect((await type('runs diff A B', { runs })).stdout).toBe(`recipe
  place    A  B
  seed     0  1
  threads  –  2

quality
  protocol              version    sample       A       B  change
  psnr-y/shave3/studio  simulated  all     33.500  33.520  +0.020

scales
  tensor  kind                 A            B  change %
  r0      activation  uint8 0.69  uint8 0.345    -50.00

layer errors
  node    tensor             A  B  change SQNR dB
  conv_0  r0      alone  70.00  –               –
`)
  expect(await type('runs gate A --baseline B --gate psnr_y_drop_db=0.1 --gate clip=1e-3', { runs })).toMatchObject({ code: 1 })
  expect(asked.at(-1)).toEqual({ psnr_y_drop_db: 0.1, clip: 0.001 })
  expect(await type('runs tag A x y', { runs })).toMatchObject({ code: 0, stdout: 'tags of run A: x y\n' })
  expect(await type('runs archive A --undo', { runs })).toMatchObject({ code: 0, stdout: 'run A is back in the list\n' })
  expect(await type('runs show A', { runs })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^run {2}2026.* {2}done\n[^]*\n01JRUN\n$/) as string })
  expect(await type('runs gate A', { runs })).toMatchObject({ code: 0, stdout: expect.stringContaining('  3.0000  FAILED (waived: cut off on the board)\n') as string })
  const shown = await type('runs show A', { runs })
  expect(shown.stdout).toContain('\nwaivers\n  rule                   reason                created\n  psnr_y_drop_db <= 0.1  cut off on the board  2026-01-02\n\nnote\n  先看 this\n\nmarks\n  it is the baseline of its model\n')
  expect(JSON.parse((await type('runs show A --json', { runs })).stdout)).toMatchObject({ run: '01JRUN', note: '先看 this', baseline: '01JRUN', waivers: [{ reason: 'cut off on the board' }] })
  expect((await type('runs lineage A', { runs })).stdout).toBe(`  run       verb  status  quality                  simulated  change
  01JOLD    run   done    psnr-y/shave3/studio dB     33.400
    01JRUN  run   done    psnr-y/shave3/studio dB     33.400  key.1 – → x, key.2 0 → x, key.3 0 → x, +1
`)
  expect(await type('runs note A words', { runs })).toMatchObject({ code: 0, stdout: 'the note is written on run A\n' })
  expect(await type('runs pin A', { runs })).toMatchObject({ code: 0, stdout: 'the baseline of this model is run A\n' })
  expect(await type('runs pin A --undo', { runs })).toMatchObject({ code: 0, stdout: 'this model has no baseline now\n' })
  expect(await type('runs waive A --gate psnr_y_drop_db --reason accepted', { runs })).toMatchObject({ code: 0, stdout: '«psnr_y_drop_db <= 0.1» of run A is waived\n' })
  expect(asked.at(-1)).toEqual(['A', 'psnr_y_drop_db', 'accepted'])
  expect((await type('runs export --out h.zip', { runs })).stdout).toBe('h.zip: 3 runs, 2 files, 12.3 kB\n1 files outside the workspace are gone or changed and were left out\n')
  expect(asked.at(-1)).toEqual({ artifacts: true, out: join(cwd, 'h.zip') })
  await type('runs export A B --no-artifacts --out h.zip', { runs })
  expect(asked.at(-1)).toEqual({ artifacts: false, out: join(cwd, 'h.zip'), runs: ['A', 'B'] })
  expect((await type('runs import h.zip', { runs })).stdout).toBe('1 runs added with 4 files, 2 were here already\n')
  expect(asked.at(-1)).toBe(join(cwd, 'h.zip'))
})

test('doctor exits 3 when a check failed', async () => {
  const doctor: App['doctor'] = async () => ({
    ok: false, environment: RUN.environment, checks: [{ name: 'disk', status: 'failed', value: '0 B free', next: 'Free some space.' }],
  })
  const result = await type('doctor', { doctor })
  expect(result.code).toBe(3)
  expect(result.stdout).toContain('  disk   FAILED  0 B free  Free some space.\n')
})

test.each<[string, string, RegExp]>([
  ['calibrat net.onnx', 'input.unknown-verb', /Did you mean calibrate,/],
  ['tun r.yaml', 'input.unknown-verb', /Did you mean.*tune/],
  ['runs shwo', 'input.unknown-verb', /Did you mean show,/],
  ['run net.onnx --sampels x', 'input.unknown-option', /Did you mean --samples,/],
  ['inspect net.onnx --jsn', 'input.unknown-option', /Did you mean --json,/],
  ['inspect', 'input.missing-argument', /See scalewright inspect --help/],
  ['inspect a b', 'input.too-many-arguments', /See scalewright inspect --help/],
  ['runs waive A --gate x', 'input.missing-option', /See scalewright runs waive --help/],
  ['run net.onnx --seed', 'input.missing-value', /See scalewright run --help/],
])('%s: %s, exit 2', async (line, code, next) => {
  const result = await type(line)
  expect(result.code).toBe(2)
  expect(result.opened).toEqual([])
  const { error } = JSON.parse((await type(`${line} --json`.replace('--seed --json', '--json --seed'))).stdout) as { error: { code: string; next: string } }
  expect(error.code).toBe(code)
  expect(error.next).toMatch(next)
})

test.each(['run a.onnx --seed -1', 'run a.onnx --threads 0', 'run a.onnx --threads two', 'inspect a --lang fr', 'runs gate A --baseline B --gate x', 'runs list --status gone'])(
  '%s: what is allowed is said', async (line) => {
    const result = await type(line)
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(/^error: --\w+ takes (a whole number from|one of|name=number)/)
  })

test('help is help: on stdout, exit 0, in the language asked for, and names no verb that is not there', async () => {
  for (const line of ['--help', 'help', '--help --json']) expect(await type(line)).toMatchObject({ code: 0, stderr: '' })
  const { stdout } = await type('--help')
  expect([...stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, verb]) => verb)).toEqual(['inspect', 'calibrate', 'quantize', 'compare', 'run', 'rewrite', 'weights', 'import', 'tune', 'audit', 'export', 'verify', 'demo', 'runs', 'serve', 'bench-operators', 'doctor', 'help'])
  expect((await type('calibrate --help --lang zh')).stdout).toContain('所有命令共有的选项')
  expect((await type('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('errors speak the language asked for', async () => {
  expect((await type('runn x --lang zh')).stderr).toMatch(/^错误: 没有命令「runn」\n {2}下一步 {2}/)
})

test('serve says its address first, as JSON where that is asked for, and ends well with Ctrl-C', async () => {
  for (const words of ['serve --port 8080 --allow-write --root /data', 'serve --json']) {
    const stop = new AbortController()
    const asked: unknown[] = []
    let closed = 0
    const openPage: OpenPage = async (_app, options) => {
      asked.push(options)
      setTimeout(() => stop.abort(), 20)
      return { url: 'http://127.0.0.1:8080/#t=00', close: async () => void closed++ }
    }
    const { code, stdout } = await type(words, {}, stop.signal, openPage)
    expect([code, closed]).toEqual([0, 1])
    if (words.includes('--json')) {
      expect(JSON.parse(stdout)).toEqual({ url: 'http://127.0.0.1:8080/#t=00' })
      expect(asked[0]).toMatchObject({ port: 0, allowWrite: false, roots: [], folder: cwd })
    } else {
      expect(stdout.split('\n')[1]).toBe('  http://127.0.0.1:8080/#t=00')
      expect(asked[0]).toMatchObject({ port: 8080, allowWrite: true, roots: ['/data'] })
    }
  }
  expect((await type('serve --port 70000')).code).toBe(2)
})
