import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Environment } from '../core/run.ts'
import { ownVersion } from '../core/version.ts'
import { env } from './onnxruntime.ts'

/** Instruction sets that change what integer kernels compute or cost, as Linux names them. */
const TELLING_FLAGS = [
  'sse4_1', 'avx', 'fma', 'f16c', 'avx2', 'avx512f', 'avx512bw', 'avx512_vnni', 'avx_vnni', 'avx_vnni_int8', 'amx_int8',
  'asimd', 'asimddp', 'i8mm', 'sve', 'sve2',
] as const

/** Those of `TELLING_FLAGS` that this CPU has; null where the system does not say. */
export function instructionSet(): readonly string[] | null {
  if (process.platform !== 'linux') return null
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))
  if (line === null) return null
  const flags = new Set(line[1]!.split(/\s+/))
  return TELLING_FLAGS.filter((flag) => flags.has(flag))
}

/**
 * Whether sums of u8×s8 products can saturate in fused kernels on this CPU: on x64 without a VNNI instruction they are added in 16 bits
 * (VPMADDUBSW). null where the system does not say.
 */
export function productsSaturate(flags: readonly string[] | null = instructionSet()): boolean | null {
  if (process.arch !== 'x64') return false
  return flags === null ? null : !flags.some((flag) => /vnni/.test(flag))
}

/** What a run was made with. `cpu` is the model and its telling instruction sets, `AMD EPYC 7763 (avx2 fma)`. */
export function environment(threads: number): Environment {
  const flags = instructionSet()
  const model = cpus()[0]?.model.trim() || process.arch
  return {
    scalewright: ownVersion(),
    onnxruntime: env.versions.node ?? env.versions.common,
    node: process.versions.node,
    cpu: flags === null || flags.length === 0 ? model : `${model} (${flags.join(' ')})`,
    threads,
  }
}
