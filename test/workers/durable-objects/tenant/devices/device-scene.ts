/** Responsible for devices under test: a stand-in for the push services at the end of the network, and browsers that decrypt what arrives. */
import { runDurableObjectAlarm } from 'cloudflare:test'
import type { Device, DeviceNotice, Input } from '@modelreins/contract'
import { vi } from 'vitest'
import type { CallCredential } from '../../../../../durable-objects/tenant/call.ts'
import { pushReceiver } from '../../../../support/push-receiver.ts'
import type { PushReceiver } from '../../../../support/push-receiver.ts'
import { sha256 } from '../harness.ts'
import type { TestTenant } from '../harness.ts'

export interface Push {
  readonly endpoint: string
  readonly headers: Headers
  readonly body: Uint8Array
}

export interface Subscribed {
  readonly device: Device
  readonly subscription: Input<'devices.subscribe'>
  /** What has arrived, decrypted, oldest first. */
  readonly notices: () => Promise<readonly DeviceNotice[]>
  readonly pushes: () => readonly Push[]
}

export class PushServices {
  readonly pushes: Push[] = []
  /** What is answered next, to everybody. */
  answer: (push: Push) => Response | Promise<Response> = () => new Response(null, { status: 201 })
  #made = 0

  /** The network ends here: a real push service, sockets and all, is in test/browser/dashboard/notifications.test.ts. */
  listen(): void {
    vi.stubGlobal('fetch', async (endpoint: string, init: RequestInit) => {
      // The sender passes bytes.
      const push = { endpoint, headers: new Headers(init.headers), body: Uint8Array.from(init.body as Uint8Array) }
      this.pushes.push(push)
      return this.answer(push)
    })
  }

  async browser(): Promise<{ readonly receiver: PushReceiver; readonly subscription: Input<'devices.subscribe'> }> {
    const receiver = await pushReceiver()
    return { receiver, subscription: { endpoint: `https://push.example.net/send/${(this.#made += 1)}`, keys: { ...receiver.keys } } }
  }

  async subscribe(tenant: TestTenant, credential: CallCredential): Promise<Subscribed> {
    const { receiver, subscription } = await this.browser()
    const device = await tenant.must('devices.subscribe', subscription, credential)
    const pushes = () => this.pushes.filter((push) => push.endpoint === subscription.endpoint)
    const notices = () => Promise.all(pushes().map(async (push) => JSON.parse(await receiver.open(push.body)) as DeviceNotice))
    return { device, subscription, pushes, notices }
  }
}

/** Everything that is due goes out, and its answers are noted. */
export async function ring(tenant: TestTenant): Promise<void> {
  await runDurableObjectAlarm(tenant.raw)
  // What a command has begun by itself ends beside the alarm.
  await tenant.must('members.whoami', {})
  await new Promise((resolve) => setTimeout(resolve, 0))
  await runDurableObjectAlarm(tenant.raw)
}

let sessions = 0
/** Signs a browser in with a key, as the edge does. */
export async function signIn(tenant: TestTenant, credential: CallCredential): Promise<CallCredential> {
  const session_id = `ss${tenant.name}${(sessions += 1)}x0000000000`
  const session = { session_id, hash: sha256(session_id) }
  const answer = await tenant.stub.perform({
    operation: 'sessions.create',
    input: { key: 'compared by its hash' },
    credential,
    request_id: 'test',
    visit: {
      origin: 'https://reins.example',
      rp_id: 'reins.example',
      address: '203.0.113.1',
      device: 'Firefox on Linux',
      place: null,
      session,
    },
  })
  if (!answer.ok) throw new Error(answer.failure.detail)
  return { kind: 'session', credential: session_id, hash: session.hash }
}
