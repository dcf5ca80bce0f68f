import { loadavg } from 'node:os'
import { benchOperators, type OperatorBench } from '../../compare/operator-bench.ts'
import { OPERATORS } from '../../compare/operator-models.ts'
import { operatorTableText, PRECISIONS, type OperatorTable, type Precision } from '../../compare/operator-table.ts'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { Task } from '../../core/task.ts'
import { environment } from '../../runtime/environment.ts'
import { executionProviders, type ProviderState } from '../../runtime/providers.ts'

export interface BenchOperatorsInput {
  readonly threads: number
  /** One small size and a short budget. */
  readonly quick?: boolean
  /** Only these operators. */
  readonly ops?: readonly string[]
  /** Absolute path of the table to write. */
  readonly out?: string
}

export interface BenchOperatorsOutput extends OperatorTable {
  /** Those that something was measured in. */
  readonly precisions: readonly Precision[]
  readonly providers: readonly ProviderState[]
  readonly notes: OperatorBench['notes']
}

/** Times single operators on this host, on every provider that it has, and writes the table. Throws `input.unknown-operator`. */
export async function benchOperatorsJob({ threads, quick, ops, out }: BenchOperatorsInput, task: Task): Promise<BenchOperatorsOutput> {
  const unknown = ops?.find((op) => !OPERATORS.includes(op))
  if (unknown !== undefined) throw new Fault({ code: 'input.unknown-operator', what: `there is no operator «${unknown}» to be timed`, next: didYouMean(unknown, OPERATORS) ?? `Take some of ${OPERATORS.join(', ')}.` })
  const providers = await executionProviders()
  const present = providers.filter((provider) => provider.present).map(({ name }) => name)
  const before = loadavg()[0]!
  const measured = await benchOperators({ threads, ...(quick === undefined ? {} : { quick }), ...(ops ? { ops } : {}), providers: present }, task)
  const { scalewright, onnxruntime, node, cpu } = environment(threads)
  const head = {
    cpu, threads: String(threads), scalewright, onnxruntime, node, protocol: measured.protocol, measured: new Date().toISOString(),
    // What else the machine did: 0 where the system does not say.
    load: `${before.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after`,
    absent: providers.filter((provider) => !provider.present).map(({ title, why }) => `${title} (${why})`).join(', '),
  }
  const table: OperatorTable = { head, entries: measured.entries }
  if (out !== undefined) await writeFileAtomic(out, operatorTableText(table))
  const precisions = PRECISIONS.filter((precision) => table.entries.some((entry) => entry.precision === precision))
  return { ...table, precisions, providers, notes: measured.notes }
}
