/** Responsible for storing parkings: one value, written when a parking begins or ends. */
import type { Parkings } from '../../../../src/domain/director/parking.ts'
import type { ValueStore } from '../../kernel/value-store.ts'

export class ParkingStore {
  readonly #values: ValueStore
  constructor(values: ValueStore) {
    this.#values = values
  }

  all(): Parkings {
    // Only `save` writes this value.
    return (this.#values.read('parkings') ?? {}) as Parkings
  }

  save(parkings: Parkings): void {
    if (parkings !== this.all()) this.#values.write('parkings', parkings)
  }
}
