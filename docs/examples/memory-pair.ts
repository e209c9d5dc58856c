// A client and a server in one process, joined in memory: for tests of your own protocol, without ports.
import { connect, createServer, pair } from 'puretls'
import { createCa } from 'puretls/pki'

export const inMemory = async (): Promise<string> => {
  const ca = await createCa({ name: 'Test CA' })
  const { chainPem: cert, privateKeyPem: key } = await ca.issue({ names: ['server.test'] })

  const [near, far] = pair({ fragment: 100 }) // reads give at most 100 bytes: shows code that counts on whole messages
  const [client, server] = await Promise.all([
    connect(near, { serverName: 'server.test', ca: ca.certificatePem }),
    createServer({ cert, key }).accept(far),
  ])

  await client.write(new TextEncoder().encode('hello'))
  const received = new TextDecoder().decode((await server.read()) ?? undefined)
  await client.close()
  if ((await server.read()) !== null) throw new Error('an end was expected') // close_notify: a clean end
  await server.close()
  return received
}
