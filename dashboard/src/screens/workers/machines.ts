/** Responsible for grouping workers by machine: their order, and one summary line for each machine. It draws nothing. */
import type { Presence, Worker } from '@modelreins/contract'

export type WorkerRow = Worker & { readonly presence: Presence | undefined }

export interface Machine {
  readonly machine: string
  readonly workers: number
  readonly there: number
  readonly running: number
  readonly slots: number
}

/** Workers with an unknown machine come last. */
const unknown = ''

/** Each machine as a line, followed by its workers in their given order. */
export function byMachine(workers: readonly WorkerRow[]): readonly (WorkerRow | Machine)[] {
  const groups = new Map<string, WorkerRow[]>()
  for (const worker of workers) {
    const machine = worker.presence?.machine ?? unknown
    groups.set(machine, [...(groups.get(machine) ?? []), worker])
  }
  return [...groups]
    .toSorted(([one], [other]) => Number(one === unknown) - Number(other === unknown) || one.localeCompare(other))
    .flatMap(([machine, group]) => {
      const there = group.filter((worker) => worker.state !== 'offline')
      const line: Machine = {
        machine,
        workers: group.length,
        there: there.length,
        running: there.reduce((sum, worker) => sum + Math.min(worker.running, worker.presence?.slots ?? 0), 0),
        slots: there.reduce((sum, worker) => sum + (worker.presence?.slots ?? 0), 0),
      }
      return [line, ...group]
    })
}

export const isMachine = (row: WorkerRow | Machine): row is Machine => 'machine' in row
