import assert from 'node:assert/strict'
import { once } from 'node:events'
import mqtt from 'mqtt'
import { ca, done, ports, recipe } from '../common.mjs'

const client = recipe
  ? recipe.open({ host: 'localhost', port: ports.mosquitto }, ca)
  : mqtt.connect({ protocol: 'mqtts', host: 'localhost', port: ports.mosquitto, ca, reconnectPeriod: 0 })
client.on('error', (error) => {
  throw error
})
if (!client.connected) await once(client, 'connect')
await client.subscribeAsync('topic')
const message = once(client, 'message')
await client.publishAsync('topic', 'hello', { qos: 1 })
const [topic, payload] = await message
assert.deepEqual([topic, String(payload)], ['topic', 'hello'])
await client.endAsync()
done()
