/**
 * Responsible for an agent's request to use a tool: it asks for a review if the worker's capabilities require one, and answers with one of the
 * agent's options. The protocol has no way to edit a tool's input or to give a reason for a denial.
 */
import { isDeepStrictEqual } from 'node:util'
import { type ToolReviews, reviewTool } from '../approvals/tool-review.ts'
import { at, isObject, listAt, textAt } from '../json.ts'

const cancelled = { outcome: { outcome: 'cancelled' } }

/** Chooses the option that allows or rejects once and never permanently, so that the next use is asked about again. */
const chosen = (request: unknown, kinds: readonly string[]): object => {
  const options = listAt(request, 'options')
  const option = kinds.flatMap((kind) => options.filter((one) => textAt(one, 'kind') === kind)).at(0)
  const optionId = textAt(option, 'optionId')
  return optionId === undefined ? cancelled : { outcome: { outcome: 'selected', optionId } }
}

/** The part of a capability's name for this tool: the tool's own name, or its kind (`edit`, `execute`, ...). */
const toolOf = (call: unknown): string => {
  const name = textAt(call, 'name') ?? textAt(call, 'kind') ?? 'other'
  return /^[A-Za-z0-9_][\w./:-]*$/.test(name) ? name : 'other'
}

export class Permissions {
  readonly #reviews: ToolReviews | undefined
  readonly #say: (line: string) => Promise<void>

  constructor(reviews: ToolReviews | undefined, say: (line: string) => Promise<void>) {
    this.#reviews = reviews
    this.#say = say
  }

  /** Answers a `session/request_permission`. */
  async decide(request: unknown): Promise<object> {
    const call = at(request, 'toolCall')
    const tool = toolOf(call)
    const why =
      this.#reviews === undefined ? 'no reviewer can be asked: give the worker a capability for tools' : await this.#refusal(tool, call)
    if (why === undefined) return chosen(request, ['allow_once'])
    await this.#say(`[acp: ${tool} was denied: ${why}]\n`)
    return chosen(request, ['reject_once', 'reject_always'])
  }

  async #refusal(tool: string, call: unknown): Promise<string | undefined> {
    if (this.#reviews === undefined) return undefined
    const input = isObject(call) ? call : {}
    const decision = await reviewTool(this.#reviews, tool, input)
    if (decision.behavior === 'deny') return decision.message
    return isDeepStrictEqual(decision.updatedInput, input) ? undefined : 'it was edited, and the agent can run it only as it is'
  }
}
