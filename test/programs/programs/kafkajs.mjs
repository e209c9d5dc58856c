import assert from 'node:assert/strict'
import { Kafka, logLevel } from 'kafkajs'
import { ca, done, ports, recipe } from '../common.mjs'

const broker = `localhost:${ports.kafka}`
const options = { retry: { retries: 1 }, logLevel: logLevel.NOTHING }
const kafka = recipe
  ? recipe.client({ ...options, brokers: [broker] }, ca)
  : new Kafka({ ...options, brokers: [broker], ssl: { ca } })
const producer = kafka.producer()
await producer.connect()
const messages = Array.from({ length: 100 }, (_, number) => ({ key: String(number), value: 'x'.repeat(5000) }))
await producer.send({ topic: 'topic', messages })
await producer.disconnect()
const consumer = kafka.consumer({ groupId: `group-${process.pid}`, maxWaitTimeInMs: 50 })
await consumer.connect()
await consumer.subscribe({ topic: 'topic', fromBeginning: true })
let count = 0
await new Promise((resolve) => {
  consumer.run({
    eachMessage: async ({ message }) => {
      assert.equal(message.value.length, 5000)
      count += 1
      if (count === 100) resolve()
    },
  })
})
const strict = new Kafka({ ...options, brokers: [broker], ssl: true, retry: { retries: 0 } }).admin()
if (!recipe) await assert.rejects(strict.connect(), /unable to verify the first certificate/)
done()
