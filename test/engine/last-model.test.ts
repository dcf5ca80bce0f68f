import { readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readModelOnce } from '../../main/engine/jobs/last-model.ts'
import { model, node } from '../fixtures/build-model.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const small = (op: string): Uint8Array => model({ inputs: { x: [1, 4] }, outputs: { y: [1, 4] }, nodes: [node(op, ['x'], ['y'])] })

test('a model is read once while its file is the same, and again when it is another or has changed', async () => {
  const folder = temporaryFolder()
  const [one, other] = [join(folder, 'one.onnx'), join(folder, 'other.onnx')]
  await writeFile(one, small('Relu'))
  await writeFile(other, small('Sigmoid'))
  const first = await readModelOnce(one)
  expect(await readModelOnce(one)).toBe(first)
  expect((await readModelOnce(other)).graph.nodes[0]!.op).toBe('Sigmoid')
  const again = await readModelOnce(one)
  expect(again).not.toBe(first)
  expect(again.sha256).toBe(first.sha256)
  await writeFile(one, small('Tanh'))
  expect((await readModelOnce(one)).graph.nodes[0]!.op).toBe('Tanh')
  await utimes(one, new Date(0), new Date(0))
  expect(Buffer.compare((await readModelOnce(one)).bytes, await readFile(one))).toBe(0)
})

test('what is wrong with a file is said every time, and a mended one is taken', async () => {
  const path = join(temporaryFolder(), 'odd.onnx')
  await expect(readModelOnce(path)).rejects.toMatchObject({ code: 'input.missing-file' })
  await writeFile(path, 'no model')
  for (let times = 0; times < 2; times++) await expect(readModelOnce(path)).rejects.toMatchObject({ code: expect.stringMatching(/^model\./) as string })
  await writeFile(path, small('Relu'))
  expect((await readModelOnce(path)).graph.nodes).toHaveLength(1)
})
