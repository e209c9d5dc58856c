// What a client has sent as early data (RFC 9846 section 4.3.10): bounded by the ticket's max_early_data_size (section
// 4.7.1), and kept until the server has said that it takes it.

export class EarlyData {
  readonly #limit: number
  readonly #sent: Uint8Array[] = []
  #bytes = 0

  /** `limit`: bytes that the ticket allows. */
  constructor(limit: number) {
    this.#limit = limit
  }

  fits(data: Uint8Array): boolean {
    return this.#bytes + data.length <= this.#limit
  }

  sent(data: Uint8Array): void {
    this.#sent.push(data)
    this.#bytes += data.length
  }

  get all(): readonly Uint8Array[] {
    return this.#sent
  }
}
