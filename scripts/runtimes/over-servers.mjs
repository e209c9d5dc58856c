// A transport for conformance.mjs where the server is one of node:tls in another process (echo-servers.mjs), asked for
// over HTTP at `base`. `dial` is given the server's number and port, and gives `{ near, close }`: how to connect, and
// how to end it.

export const overServers = (name, base, dial) => {
  const startServer = async (options) => {
    const response = await fetch(`${base}/servers`, { method: 'POST', body: JSON.stringify(await options) })
    if (!response.ok) throw new Error(await response.text())
    return response.json()
  }
  /** What the server knows of its next connection, in the form of a connection that has ended. */
  const served = async (id, signal) => {
    const info = await (await fetch(`${base}/served/${id}`, { signal })).json()
    if (info.error !== undefined) throw new Error(info.error)
    return { info, close: async () => {}, [Symbol.asyncIterator]: async function* () {} }
  }
  return {
    name,
    prepare: startServer,
    open: async (prepared) => {
      const given = await prepared
      const server = given.id === undefined ? await startServer(given) : given
      const { near, close } = await dial(server)
      const abort = new AbortController()
      return {
        near,
        far: served(server.id, abort.signal),
        close: async () => {
          abort.abort()
          await close()
        },
      }
    },
  }
}
