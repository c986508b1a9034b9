/** Responsible for the list of rooms that make up a tenant object. To add a room, add a folder with a `room.ts` and one line here. */
import type { Parsed, TenantOperationId } from '@modelreins/contract'
import type { Result } from '../../src/domain/result.ts'
import { artifactRoom } from './artifacts/room.ts'
import { auditRoom } from './audit/room.ts'
import { diagnosticsRoom } from './diagnostics/room.ts'
import { deviceRoom } from './devices/room.ts'
import { directorRoom } from './director/room.ts'
import { eventRoom } from './events/room.ts'
import type { TenantReply } from './call.ts'
import { fanOutRoom } from './fan-out/room.ts'
import type { CommandContext, Store } from './kernel/context.ts'
import type { Room } from './kernel/room.ts'
import { turnRoom } from './turns/room.ts'
import { killswitchRoom } from './killswitch/room.ts'
import { memberRoom } from './members/room.ts'
import { queueRoom } from './queue/room.ts'
import { reviewRoom } from './reviews/room.ts'
import { scheduleRoom } from './schedules/room.ts'
import { sessionRoom } from './sessions/room.ts'
import { settingsRoom } from './settings/room.ts'
import { threadRoom } from './threads/room.ts'
import { workRoom } from './work/room.ts'
import { webhookRoom } from './webhooks/room.ts'
import { workerRoom } from './workers/room.ts'

/** The order matters: the queue's duties run first, because duties of other rooms depend on the state of jobs. */
const list = [
  queueRoom,
  fanOutRoom,
  threadRoom,
  workRoom,
  settingsRoom,
  turnRoom,
  workerRoom,
  directorRoom,
  reviewRoom,
  scheduleRoom,
  killswitchRoom,
  artifactRoom,
  webhookRoom,
  deviceRoom,
  memberRoom,
  sessionRoom,
  auditRoom,
  eventRoom,
  diagnosticsRoom,
] as const

export const rooms: readonly Room[] = list

type Listed = (typeof list)[number]
type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void ? All : never

/** A check at compile time: each operation of the tenant object has its command in a room of the list. */
type Commands = {
  readonly [Id in TenantOperationId]: (ctx: CommandContext, input: Parsed<Id>) => Result<TenantReply<Id>>
}
type Performed = Intersection<Extract<Listed, { readonly commands: unknown }>['commands']>
export const everyOperationIsPerformed: Performed extends Commands ? true : never = true

/** A check at compile time: each store that a room declares is opened by a room of the list. */
type Opened = Intersection<ReturnType<Extract<Listed, { tables(opening: never): unknown }>['tables']>>
export const everyStoreIsOpened: Opened extends Omit<Store, 'values'> ? true : never = true
