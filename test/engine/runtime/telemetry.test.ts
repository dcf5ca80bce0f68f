import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const script = fileURLToPath(new URL('../../fixtures/run-session.ts', import.meta.url))

describe('ONNX Runtime', () => {
  const home = temporaryFolder()

  it('reports nothing to anybody: no device id, no event cache, no log of its uploader', () => {
    const { ORT_DISABLE_TELEMETRY: _unset, ...rest } = process.env
    const places = { HOME: home, TMPDIR: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home }
    const output = execFileSync(process.execPath, [script], { env: { ...rest, ...places }, encoding: 'utf8' })
    expect(output.trim()).toBe('0,1')
    expect(readdirSync(home)).toEqual([])
  })
})
