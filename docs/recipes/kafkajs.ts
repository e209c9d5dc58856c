// kafkajs: its option `socketFactory`.
import { Kafka } from 'kafkajs'
import type { KafkaConfig } from 'kafkajs'
import { connect } from 'puretls/node'

export const client = (options: KafkaConfig, ca: string) =>
  new Kafka({
    ...options,
    ssl: true,
    socketFactory: ({ host, port, onConnect }) => connect({ host, port, servername: host, ca }, onConnect),
  })
