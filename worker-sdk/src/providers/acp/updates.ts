/** Responsible for what an agent tells while it works (`session/update`): what viewers see of it, the answer, and the usage. It answers nothing. */
import type { Usage } from '@modelreins/contract'
import { at, numberAt, textAt } from '../json.ts'
import type { ProviderRun } from '../provider.ts'
import type { Unread } from '../unread.ts'

const longestTitle = 300

const silent: ReadonlySet<string> = new Set([
  'user_message_chunk',
  'agent_thought_chunk',
  'tool_call_update',
  'plan',
  'available_commands_update',
  'current_mode_update',
  'config_option_update',
  'session_info_update',
  'compaction_update',
  'compaction_summary_chunk',
])

export class Updates {
  readonly #output: ProviderRun['output']
  readonly #heard: () => void
  #whole = ''
  /** Since the last tool: what an agent says last is its answer. */
  #last = ''
  #usage: Usage | undefined
  #worked = false

  constructor(output: ProviderRun['output'], heard: () => void) {
    this.#output = output
    this.#heard = heard
  }

  get answer(): string {
    return this.#last.trim() === '' ? this.#whole : this.#last
  }

  /** Whether it used a tool: a turn without a word may be an answer then. */
  get worked(): boolean {
    return this.#worked
  }

  get usage(): Usage | undefined {
    return this.#usage
  }

  async take(update: unknown, unread: Unread): Promise<void> {
    const kind = textAt(update, 'sessionUpdate') ?? ''
    this.#heard()
    switch (kind) {
      case 'agent_message_chunk':
        return this.#said(at(update, 'content'), unread)
      case 'tool_call':
        this.#worked = true
        this.#last = ''
        return this.#output(`[${(textAt(update, 'title') ?? textAt(update, 'kind') ?? 'tool').slice(0, longestTitle)}]\n`, 'system')
      case 'usage_update':
        if (textAt(update, 'cost', 'currency') === 'USD') this.#add({ cost_usd: numberAt(update, 'cost', 'amount') })
        return undefined
      case 'notice':
        return this.#output(`[acp] ${textAt(update, 'message') ?? textAt(update, 'text') ?? ''}\n`, 'system')
      default:
        if (!silent.has(kind)) unread.add(`update ${kind}`, JSON.stringify(update))
        return undefined
    }
  }

  /** Tokens as the end of a turn tells them. */
  spent(usage: unknown): void {
    this.#add({ tokens_in: numberAt(usage, 'inputTokens'), tokens_out: numberAt(usage, 'outputTokens') })
  }

  async #said(content: unknown, unread: Unread): Promise<void> {
    const text = textAt(content, 'text')
    if (text === undefined) return unread.add(`content ${textAt(content, 'type') ?? ''}`, JSON.stringify(content))
    this.#whole += text
    this.#last += text
    await this.#output(text)
  }

  #add(more: { readonly [Name in keyof Usage]?: number | undefined }): void {
    const told = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined && value >= 0))
    if (Object.keys(told).length > 0) this.#usage = { ...this.#usage, ...told }
  }
}
