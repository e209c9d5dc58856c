// mqtt: a client is made from any function that opens a stream.
import mqtt from 'mqtt'
import { connect } from 'puretls/node'

export const open = (address: { host: string; port: number }, ca: string) =>
  new mqtt.MqttClient(() => connect({ ...address, ca }), { reconnectPeriod: 0 })
