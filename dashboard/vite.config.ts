/** Responsible for how the dashboard is built: hashed files under /dashboard/, nothing inline, nothing from another origin. */
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { contractWithoutSchemas } from './build/contract-without-schemas.ts'
import { nodeInBrowser } from './build/node-in-browser.ts'
import { tenantSettings } from './build/tenant-settings.ts'

const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig(({ command }) => ({
  root: place('.'),
  // While it is developed it stands at `/` of a server of its own (tools/dashboard/main.ts).
  base: command === 'serve' ? '/' : '/dashboard/',
  plugins: [contractWithoutSchemas, tenantSettings, react(), tailwindcss()],
  build: {
    outDir: '../dist/assets/dashboard',
    emptyOutDir: true,
    assetsDir: '',
    // The policy allows no `data:` but pictures, and an inlined file is in nobody's cache.
    assetsInlineLimit: 0,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    // The first browsers with `light-dark()`.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
    // How long each plugin took is of no interest to who installs.
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: { index: place('index.html'), notifier: place('notifier/notifier.ts') },
      // A service worker is known by its address: this one stays.
      output: { entryFileNames: (chunk) => (chunk.name === 'notifier' ? 'notifier.js' : '[name]-[hash].js') },
    },
  },
  worker: { format: 'es', plugins: () => [nodeInBrowser] },
}))
