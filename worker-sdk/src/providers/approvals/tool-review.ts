/**
 * Responsible for one tool call of an agent that asks before it acts: which capability it needs, the review of its whole input, and the decision in
 * Claude Code's format. It knows no process.
 */
import type { Capability } from '@modelreins/contract'
import { isObject } from '../json.ts'

/** What a provider needs to ask for reviews on behalf of its agent. */
export interface ToolReviews {
  /** The worker's capabilities, as the server states them. */
  readonly capabilities: readonly Capability[]
  /** Resolves when the action may run, with the action as approved (a reviewer may edit it). Rejects with the reviewer's words when it may not. */
  readonly authorize: (capability: string, action: unknown, options: { readonly title: string }) => Promise<{ readonly action: unknown }>
}

/** The answer that `--permission-prompt-tool` expects. */
export type Decision =
  | { readonly behavior: 'allow'; readonly updatedInput: Readonly<Record<string, unknown>> }
  | { readonly behavior: 'deny'; readonly message: string }

/** The capability for any tool; `tool.Bash` is for one tool. */
const anyTool = 'tool'

const isForTools = (name: string): boolean => name === anyTool || name.startsWith(`${anyTool}.`)

/** Whether a worker's capabilities require human decisions about tools. */
const wantsToolReviews = (capabilities: readonly Capability[]): boolean =>
  capabilities.some(({ name, risk_tier }) => isForTools(name) && (risk_tier === 'approve' || risk_tier === 'session'))

/** The reviews of a run whose agent must ask first; undefined when it need not. */
export function reviewsOf(run: {
  readonly reviews?: ToolReviews
  readonly settings: { readonly approvals?: 'reviews' | 'off' }
}): ToolReviews | undefined {
  const { reviews, settings } = run
  if (reviews === undefined || settings.approvals === 'off') return undefined
  return settings.approvals === 'reviews' || wantsToolReviews(reviews.capabilities) ? reviews : undefined
}

/** The capability for this tool if there is one, else the one for any tool. */
const capabilityFor = (capabilities: readonly Capability[], tool: string): string | undefined =>
  [`${anyTool}.${tool}`, anyTool].find((wanted) => capabilities.some(({ name }) => name === wanted))

const deny = (message: string): Decision => ({ behavior: 'deny', message })

/** Waits as long as the reviewer takes. It never rejects: if a review is not possible, the tool is denied with the reason. */
export async function reviewTool(reviews: ToolReviews, tool: string, input: Readonly<Record<string, unknown>>): Promise<Decision> {
  const capability = capabilityFor(reviews.capabilities, tool)
  if (capability === undefined) {
    return deny(
      `${tool} was not allowed: the worker declares neither the capability ${anyTool}.${tool} nor ${anyTool}, so nobody can be asked`,
    )
  }
  try {
    const { action } = await reviews.authorize(capability, { tool, input }, { title: `Use the tool ${tool}` })
    if (!isObject(action) || action['tool'] !== tool || !isObject(action['input'])) {
      return deny(`${tool} was edited into something else: an edited action keeps "tool" and has "input", an object`)
    }
    return { behavior: 'allow', updatedInput: action['input'] }
  } catch (error) {
    return deny(error instanceof Error ? error.message : String(error))
  }
}
