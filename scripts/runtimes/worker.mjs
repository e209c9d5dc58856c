// The conformance checks in workerd, as a module worker. The root entry takes WebCrypto there.
import { connect, createServer, pair } from 'puretls'
import { inMemory, run } from './conformance.mjs'

const entry = { connect, createServer, pair }

export default {
  fetch: async () => Response.json(await run([inMemory(entry)])),
}
