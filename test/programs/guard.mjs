// Preloaded into each program: fails it if anything in the process used the TLS of Node itself.
import { createHook } from 'node:async_hooks'

const stacks = []
createHook({
  init(_id, type) {
    if (type !== 'TLSWRAP') return
    const { stack } = new Error('the TLS of Node itself was used')
    // puretls/node and http2-wrapper find a class of Node's by way of a socket that is never connected.
    if (!/findWrapperClass|js-stream-socket/.test(stack)) stacks.push(stack)
  },
}).enable()
process.on('exit', () => {
  if (stacks.length === 0) return
  console.error(stacks[0])
  process.exitCode = 1
})
