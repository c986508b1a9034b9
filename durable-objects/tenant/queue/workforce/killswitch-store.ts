/** Responsible for storing the state of the killswitch, which every claim reads. */
import { clearKillswitch } from '../../../../src/domain/killswitch.ts'
import type { Killswitch } from '../../../../src/domain/killswitch.ts'
import type { ValueStore } from '../../kernel/value-store.ts'

export class KillswitchStore {
  readonly #values: ValueStore
  constructor(values: ValueStore) {
    this.#values = values
  }

  state(): Killswitch {
    return (this.#values.read('killswitch') as Killswitch | undefined) ?? clearKillswitch
  }

  set(state: Killswitch): void {
    this.#values.write('killswitch', state)
  }
}
