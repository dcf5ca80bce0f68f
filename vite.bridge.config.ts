import { defineConfig } from 'vite'

/** Builds the desktop window's bridge: a sandboxed preload script is one CommonJS file, and all it may require is Electron. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'out/preload',
    emptyOutDir: false,
    target: 'es2023',
    minify: false,
    reportCompressedSize: false,
    lib: { entry: 'preload/bridge.ts', formats: ['cjs'], fileName: () => 'bridge.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
})
