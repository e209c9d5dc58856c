// ioredis: its option `Connector`.
import { AbstractConnector, Redis } from 'ioredis'
import { connect } from 'puretls/node'

export const open = (address: { host: string; port: number }, ca: string) => {
  class Connector extends AbstractConnector {
    constructor() {
      super(1000)
    }
    async connect() {
      this.stream = connect({ ...address, ca })
      return this.stream
    }
  }
  return new Redis({ Connector })
}
