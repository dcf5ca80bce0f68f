import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Native inference takes both cores: files side by side would only wait for each other.
    maxWorkers: 2,
    // Engines start from the sources again and again: Node keeps what it made of them.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // What a browser shows is waited for: on a busy machine longer than the second that is the default.
    expect: { poll: { timeout: 15_000 } },
    // A shared build machine may starve a browser for a while: one more try there, which the report names.
    retry: process.env['CI'] === undefined ? 0 : 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
