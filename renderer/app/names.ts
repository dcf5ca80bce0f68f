import { fileName } from '../ui/format.ts'

/** The widest of a CPU's instructions, in the words people use; empty where it says nothing. */
export function instructionsOf(flags: string): string {
  const known = [[/avx512_vnni/, 'AVX-512 VNNI'], [/avx_vnni/, 'AVX VNNI'], [/avx512f/, 'AVX-512'], [/avx2/, 'AVX2'], [/neon|asimd/, 'NEON']] as const
  return known.find(([flag]) => flag.test(flags))?.[1] ?? ''
}

/** The folder that a person knows it by: the workspace of a project lies in a hidden folder below it. */
export function workspaceName(path: string): string {
  const name = fileName(path)
  return name.startsWith('.') ? fileName(path.slice(0, path.lastIndexOf(name)).replace(/[\\/]+$/, '')) : name
}
