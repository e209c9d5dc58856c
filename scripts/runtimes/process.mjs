// The conformance checks in Node, Bun or Deno: prints their rows as JSON.
import process from 'node:process'
import { connect, createServer, pair } from 'puretls'
import { inMemory, overLoopback, run } from './conformance.mjs'

const entry = { connect, createServer, pair }
console.log(JSON.stringify(await run([inMemory(entry), overLoopback(entry)])))
process.exit(0)
