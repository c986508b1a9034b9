/** Responsible for the workers room: the commands about workers, their presence, and their sockets. */
import type { ServerFrame } from '@modelreins/contract'
import type { Room } from '../kernel/room.ts'
import { workerCommands } from './commands.ts'
import { presenceCommands } from './presence-commands.ts'
import { WorkerSockets } from './worker-sockets.ts'

declare module '../kernel/context.ts' {
  interface Live {
    readonly workerSockets: WorkerSockets
  }
  interface Effects {
    /** A frame for every worker on a socket. */
    broadcast: { readonly frame: ServerFrame }
    disconnect: { readonly worker_id: string; readonly code: number; readonly reason: string }
  }
}

export const workerRoom = {
  name: 'workers',
  commands: { ...presenceCommands, ...workerCommands },
  memory: (host) => ({ workerSockets: new WorkerSockets(host) }),
  effects: {
    push: ({ live }, { worker_id, frames }) => live.workerSockets.push(worker_id, frames),
    broadcast: ({ live }, { frame }) => live.workerSockets.broadcast(frame),
    disconnect: ({ live }, { worker_id, code, reason }) => live.workerSockets.disconnect(worker_id, code, reason),
  },
} satisfies Room
