/** Responsible for the example job of `npm start`: a prompt with real input that the chosen provider can process. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProviderChoice } from './provider-choice.ts'

export interface DemoRequest {
  readonly prompt: string
  readonly capability: string
  readonly metadata: { readonly source: string }
}

/** `asked`: the person's own prompt, passed on unchanged. */
export function demoPrompt(asked: string | undefined, choice: ProviderChoice, root: string): DemoRequest {
  const more = { capability: choice.capability, metadata: { source: 'npm start' } }
  if (asked !== undefined) return { prompt: asked, ...more }
  if (choice.provider === 'spawn') return { prompt: 'Report on README.md and ARCHITECTURE.md', ...more }
  // A model cannot open files, so it gets the text itself, limited to what a small local model can process.
  const text = readFileSync(join(root, 'README.md'), 'utf8').slice(0, 4_000)
  return { prompt: `Summarise this README in three short sentences.\n\n${text}`, ...more }
}
