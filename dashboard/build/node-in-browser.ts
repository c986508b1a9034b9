/** Responsible for what stands for `node:crypto` in the verifier that runs in a Web Worker. */
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const stand = fileURLToPath(new URL('../verifier/node-crypto.ts', import.meta.url))

export const nodeInBrowser: Plugin = {
  name: 'node-in-browser',
  enforce: 'pre',
  resolveId: (source) => (source === 'node:crypto' ? stand : undefined),
}
