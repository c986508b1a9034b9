/** Responsible for starting one tenant: it creates the memory of the rooms and connects commands, effects and the alarm clock. */
import { Rates } from '../../../src/domain/access/rates.ts'
import type { AlarmClock } from './alarm-clock.ts'
import type { Live, ReadContext } from './context.ts'
import { JumpDetector } from './jump-detector.ts'
import { DueClock } from './due-clock.ts'
import { performEffects } from './effects.ts'
import { Executor, internalRequest } from './execute.ts'
import type { Host } from './host.ts'
import type { Rollback } from './rollback.ts'
import { sha256Hex } from './sha256.ts'
import { AlarmHandler } from './alarm-handler.ts'

export interface TenantParts extends Pick<
  Host,
  | 'tenant'
  | 'env'
  | 'state'
  | 'rooms'
  | 'store'
  | 'keys'
  | 'auditKey'
  | 'allowedHosts'
  | 'now'
  | 'ticks'
  | 'random'
  | 'randomText'
  | 'setTimer'
> {
  readonly rollback: Rollback
  readonly clock: AlarmClock
}

export interface RunningTenant {
  readonly host: Host
  readonly executor: Executor
  readonly alarmHandler: AlarmHandler
}

export function startTenant({ rollback, clock, ...parts }: TenantParts): RunningTenant {
  const { tenant, rooms, store, keys, randomText, now, state } = parts
  // The rooms add the members that they declare, below; nothing reads those before.
  const live = { since: now(), due: new DueClock(), jumps: new JumpDetector(), rates: new Rates() } as Live
  const host: Host = {
    ...parts,
    live,
    read: (): ReadContext => ({ at: now(), tenant, store, live, rooms, key: keys[0], randomText, sha256: sha256Hex }),
    run: (caller, commands) => executor.runBatch(caller, commands),
    attempt: (caller, command) => executor.run(caller, internalRequest, command),
    perform: (effects) => performEffects(host, effects),
    waitUntil: (promise) => state.waitUntil(promise),
    failed: (what, error) =>
      console.warn(JSON.stringify({ event: what, tenant, error: error instanceof Error ? error.message : String(error) })),
    inAlarm: () => alarmHandler.inAlarm,
    rearm: () => alarmHandler.arm(),
  }
  const executor: Executor = new Executor(host, rollback, (effects) => alarmHandler.committed(effects))
  const alarmHandler: AlarmHandler = new AlarmHandler(clock, host, executor)
  for (const room of rooms) Object.assign(live, room.memory?.(host))
  for (const room of rooms) room.restore?.(host.read())
  live.due.hint(now())
  return { host, executor, alarmHandler }
}
