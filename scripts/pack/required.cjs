// Run with puretls/node/register in a folder with the tarball installed: what CommonJS takes from node:tls and its like, with
// its properties taken apart at the top, is puretls's. Run by scripts/pack-test.ts.
const assert = require('node:assert')
const { connect, TLSSocket } = require('tls')
const { Agent, createServer } = require('https')
const { createSecureServer } = require('node:http2')
const ours = { ...require('puretls/node') }
assert.equal(connect, ours.connect)
assert.equal(TLSSocket, ours.TLSSocket)
assert.equal(Agent, require('puretls/node/https').Agent)
assert.equal(createServer, require('puretls/node/https').createServer)
assert.equal(createSecureServer, require('puretls/node/http2').createSecureServer)
console.log(`  register: ${process.execArgv.join(' ')}: ok`)
