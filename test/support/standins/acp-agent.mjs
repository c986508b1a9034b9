/**
 * Responsible for an agent on the protocol's own SDK: the first word of a prompt selects its behaviour. It does not know the provider that calls it.
 */
import { writeFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { agent, methods, ndJsonStream, PROTOCOL_VERSION, RequestError } from '@agentclientprotocol/sdk'

const scenario = process.argv[2] ?? 'ok'
const cancels = new Map()
let model = 'usual'

const options = [
  { optionId: 'always', name: 'Always', kind: 'allow_always' },
  { optionId: 'yes', name: 'Once', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
]
const models = {
  id: 'model',
  name: 'Model',
  category: 'model',
  type: 'select',
  currentValue: 'usual',
  options: ['usual', 'special'].map((value) => ({ value, name: value })),
}

async function turn(client, sessionId, cwd) {
  const tell = (update) => client.notify(methods.client.session.update, { sessionId, update })
  const text = (words) => tell({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: words } })
  if (scenario === 'silent') return { stopReason: 'end_turn' }
  if (scenario === 'refuses') return { stopReason: 'refusal' }
  if (scenario === 'crashes') {
    await text('half an ans')
    process.stderr.write('panic: out of luck\n')
    process.exit(3)
  }
  await tell({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: 'not to be seen' } })
  await text('Let me look. ')
  const toolCall = { toolCallId: 'call_1', title: 'touch made.txt', kind: 'execute', rawInput: { command: 'touch made.txt' } }
  await tell({ sessionUpdate: 'tool_call', status: 'pending', ...toolCall })
  if (scenario === 'hangs') {
    await new Promise((resolve) => cancels.set(sessionId, resolve))
    writeFileSync(`${cwd}/cancelled.txt`, '')
    return { stopReason: 'cancelled' }
  }
  const { outcome } = await client.request(methods.client.session.requestPermission, { sessionId, toolCall, options })
  await text(outcome.outcome === 'selected' ? `chose ${outcome.optionId} ` : 'was cancelled ')
  await text(`with ${model}`)
  await tell({ sessionUpdate: 'usage_update', used: 10, size: 100, cost: { amount: 0.25, currency: 'USD' } })
  return { stopReason: scenario === 'cut' ? 'max_tokens' : 'end_turn', usage: { totalTokens: 10, inputTokens: 7, outputTokens: 3 } }
}

const cwds = new Map()
agent({ name: 'stand-in' })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: scenario === 'future' ? PROTOCOL_VERSION + 1 : PROTOCOL_VERSION,
    agentCapabilities: {},
    authMethods: [{ id: 'browser', name: 'In the browser', description: 'Run "agent login"' }],
  }))
  .onRequest(methods.agent.session.new, ({ params }) => {
    if (scenario === 'login') throw RequestError.authRequired()
    cwds.set('s1', params.cwd)
    return { sessionId: 's1', configOptions: [models] }
  })
  .onRequest(methods.agent.session.setConfigOption, ({ params }) => {
    model = params.value
    return { configOptions: [{ ...models, currentValue: model }] }
  })
  .onRequest(methods.agent.session.prompt, ({ params, client }) => turn(client, params.sessionId, cwds.get(params.sessionId)))
  .onNotification(methods.agent.session.cancel, ({ params }) => cancels.get(params.sessionId)?.())
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)))
