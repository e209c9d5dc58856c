import assert from 'node:assert/strict'
import { MongoClient } from 'mongodb'
import { open } from '../../../docs/recipes/mongodb.ts'
import { ca, done, files, ports } from '../common.mjs'

const url = `mongodb://localhost:${ports.mongo}/`
const client = open(url, ca)
await client.connect()
const things = client.db('tester').collection('things')
await things.insertMany(Array.from({ length: 300 }, (_, number) => ({ number, text: 'x'.repeat(1000) })))
const found = await things.find({ number: { $gte: 100 } }, { batchSize: 50 }).toArray()
assert.equal(found.length, 200)
const large = Buffer.alloc(2_000_000, 7)
await things.insertOne({ name: 'large', large })
assert.deepEqual((await things.findOne({ name: 'large' })).large.buffer, large)
await Promise.all(Array.from({ length: 20 }, (_, number) => things.findOne({ number })))
await client.close()

// The certificates in a file, and a server that is not trusted.
const byFile = new MongoClient(url, { tls: true, tlsCAFile: files.ca })
assert.equal((await byFile.db('tester').command({ ping: 1 })).ok, 1)
await byFile.close()
const strict = new MongoClient(url, { tls: true, serverSelectionTimeoutMS: 300 })
const error = await strict.connect().catch((reason) => reason)
assert.equal(error.cause.cause.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
await strict.close()
done()
