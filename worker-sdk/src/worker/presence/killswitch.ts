/** Responsible for applying the killswitch: stop all attempts, acknowledge, stop the worker. An acknowledgement means that everything has stopped. */
import type { KillswitchBrief } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { ModelReinsError } from '../../client/error.ts'
import { AttemptStopped } from '../job/executor.ts'
import type { SocketLink } from '../link/socket-link.ts'

export interface KillswitchPorts {
  readonly client: Client
  readonly link: () => SocketLink | undefined
  readonly companion: { readonly worker?: string }
  /** Emits the event and closes the intake. */
  readonly onActive: (brief: KillswitchBrief, error: ModelReinsError) => void
  readonly stopAll: (why: AttemptStopped) => void
  /** True: nothing runs any more. */
  readonly waitUntilIdle: () => Promise<boolean>
  readonly stop: () => Promise<void>
  readonly onTrouble: (type: string, error: unknown) => void
}

/** Called for every new generation. Levels 1 and 2 are acknowledged at once, because they do not stop running jobs. */
export async function applyKillswitch(ports: KillswitchPorts, brief: KillswitchBrief): Promise<void> {
  if (!brief.active) {
    if (brief.level > 0) await acknowledge(ports, brief.generation)
    return
  }
  const error = new ModelReinsError(`The killswitch is raised${brief.reason === null ? '' : `: ${brief.reason}`}`, { code: 'killswitch' })
  ports.onActive(brief, error)
  ports.stopAll(new AttemptStopped('killswitch', error.message))
  // A handler that ignores its signal keeps this worker in the list of stragglers, which is correct.
  if (await ports.waitUntilIdle()) await acknowledge(ports, brief.generation)
  else ports.onTrouble('killswitch', new Error('a job ignores its abort signal'))
  await ports.stop()
}

async function acknowledge(ports: KillswitchPorts, generation: number): Promise<void> {
  const link = ports.link()
  if (link !== undefined) {
    link.send({ type: 'killswitch_ack', generation })
    return
  }
  try {
    await ports.client.killswitch.ack({ generation, ...ports.companion })
  } catch (error) {
    ports.onTrouble('killswitch', error)
  }
}
