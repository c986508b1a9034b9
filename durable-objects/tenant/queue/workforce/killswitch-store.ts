/** Responsible for the state of the killswitch as it is stored: every claim asks for it. */
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
