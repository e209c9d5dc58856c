// The conformance checks in workerd, as a module worker. The root entry takes WebCrypto there.
import { connect, createServer, pair } from 'puretls'
import { inMemory, run } from './conformance.mjs'

const entry = { connect, createServer, pair }

const worker = { fetch: async () => Response.json(await run([inMemory(entry)])) }

// Where workerd looks for it.
export { worker as default }
