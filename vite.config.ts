import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Builds the window. Paths stay relative and nothing is inlined, so that a page with `script-src 'self'` can load it from anywhere. */
export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [react()],
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
})
